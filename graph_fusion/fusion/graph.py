"""Fusion by graph convolution along the edges that the question opens."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from graph_fusion.layers import LAYERS
from graph_fusion.layers.adjacency import normalise
from graph_fusion.tensors import EDGE_FEATURES, Batch


@dataclass(frozen=True, slots=True)
class Fused:
    """Shapes (N nodes, E messages, L layers, H features):

    nodes [N, H]: fused node features
    gates [E, L]: how far the question opens each message in each layer, in (0, 1)
    """

    nodes: Tensor
    gates: Tensor


class EdgeGate(nn.Module):
    """Scores every message by the question: how much it matters, in each layer.

    One layer may open "left of" and the next "used for": the gates are a soft programme of
    relations that the question writes.

    Shapes:
        question: [B, H]; frame: [B, D] text vectors of the questions' frames
        returns [E, L] logits
    """

    def __init__(self, text_features: int, hidden: int, width: int, layers: int) -> None:
        super().__init__()
        self.question = nn.Linear(hidden, 2 * width)
        self.forward_relation = nn.Linear(text_features, 2 * width)
        self.backward_relation = nn.Linear(text_features, 2 * width)
        self.features = nn.Linear(EDGE_FEATURES + 1, width)
        self.out = nn.Linear(width, layers)

    def forward(self, batch: Batch, question: Tensor, frame: Tensor) -> Tensor:
        used, relation = torch.unique(batch.relation, return_inverse=True)
        texts = batch.texts[used]
        each_way = torch.cat([self.forward_relation(texts), self.backward_relation(texts)])
        backward = batch.edge_features[:, EDGE_FEATURES - 7].long()
        scale, shift = each_way[relation + backward * len(used)].chunk(2, dim=1)
        asked, wanted = self.question(question)[batch.graph_of_edge].chunk(2, dim=1)
        likeness = (frame @ texts.T)[batch.graph_of_edge, relation].unsqueeze(1)
        features = self.features(torch.cat([batch.edge_features, likeness], dim=1))
        logits: Tensor = self.out(torch.relu(scale * asked + shift + wanted + features))
        return logits


class GraphFusion(nn.Module):
    """Layers of H' = σ(Â H W) whose A holds the question's edge scores.

    The weight of a message is the edge's own score times its gate in that layer.

    Shapes:
        h: [N, H] node features; question: [B, H]; frame: [B, D]
        returns `Fused`
    """

    def __init__(
        self,
        text_features: int,
        hidden: int = 128,
        gate_width: int = 48,
        layers: int = 5,
        layer: str = "gcn",
        residual: bool = True,
        layer_norm: bool = True,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.gate = EdgeGate(text_features, hidden, gate_width, layers)
        self.layers = nn.ModuleList(
            LAYERS.resolve(layer)(
                hidden, hidden, residual=residual, layer_norm=layer_norm, dropout=dropout
            )
            for _ in range(layers)
        )

    def forward(self, h: Tensor, batch: Batch, question: Tensor, frame: Tensor) -> Fused:
        gates = torch.sigmoid(self.gate(batch, question, frame))
        trusted = batch.edge_features[:, EDGE_FEATURES - 6].unsqueeze(1) * gates
        for number, layer in enumerate(self.layers):
            weights = trusted[:, number]
            h = layer(h, normalise(batch.senders, batch.receivers, weights, len(h)))
        return Fused(h, gates)

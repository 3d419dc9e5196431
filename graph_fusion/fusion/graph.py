"""Fusion by graph layers, along edges that the question opens."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from graph_fusion.fusion.attention import Attention
from graph_fusion.fusion.base import (
    Fused,
    Fusion,
    FusionConfig,
    Masks,
    Readout,
    TokenGraph,
    masked_mean,
    masked_softmax,
)
from graph_fusion.layers import LAYERS
from graph_fusion.layers.base import EdgeGate
from graph_fusion.layers.edges import Edges
from graph_fusion.parts import Part, make_part


class GraphFusion(Fusion):
    """Layers of H' = σ(Â H W) whose A holds the question's edge scores.

    The weight of a message is the edge's own weight times its gate in that layer. All tokens
    are nodes; the pooled vector is the text's plus what it attends to in the image, by
    softmax(tᵀ h_i / √H).

    weights: "gates" [E, layers] in (0, 1), "readout" [B, I].
    """

    reads_graph = True

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.gate = EdgeGate(
            config.relation_features,
            config.edge_features,
            config.hidden,
            config.gate_width,
            config.layers,
        )
        self.layers = graph_layers(config, config.layer)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        h = torch.cat([image, text], dim=1)
        h, gates = self.propagate(h, masked_mean(text, masks.text), graph, masks)
        query = masked_mean(h[:, image.shape[1] :], masks.text)
        image_h = h[:, : image.shape[1]]
        logits = (image_h @ query.unsqueeze(2)).squeeze(2) / math.sqrt(h.shape[2])
        attention = masked_softmax(logits, masks.image)
        pooled = query + (attention.unsqueeze(1) @ image_h).squeeze(1)
        return Fused(h, pooled, {"gates": gates, "readout": attention})

    def propagate(
        self, h: Tensor, question: Tensor, graph: TokenGraph, masks: Masks
    ) -> tuple[Tensor, Tensor]:
        """Return the nodes [B, L, H] after all layers, and the gates [E, layers]."""
        samples, length, _ = h.shape
        there = masks.all
        graph = graph.among(there.flatten())
        sample = torch.div(graph.receivers, length, rounding_mode="floor")
        gates = torch.sigmoid(
            self.gate(
                question, sample, graph.relations, graph.relation, graph.backward, graph.features
            )
        )
        edges = token_edges(graph, samples, length)
        opened = graph.weights.unsqueeze(1) * gates
        flat = h.flatten(0, 1)
        for number, layer in enumerate(self.layers):
            flat = layer(flat, edges.weighted(opened[:, number]))
        return flat.view_as(h) * there.unsqueeze(2), gates


def graph_layers(config: FusionConfig, layer: Part, **options: int) -> nn.ModuleList:
    """Return `config.layers` graph layers of that name, as wide as the tokens."""
    return nn.ModuleList(
        make_part(
            LAYERS,
            layer,
            in_features=config.hidden,
            out_features=config.hidden,
            residual=config.residual,
            layer_norm=config.layer_norm,
            dropout=config.dropout,
            **options,
        )
        for _ in range(config.layers)
    )


def token_edges(graph: TokenGraph, samples: int, length: int) -> Edges:
    """Return the edges of a batch of `samples`, each padded to `length` tokens."""
    return Edges(
        graph.senders,
        graph.receivers,
        samples * length,
        weights=graph.weights,
        relation=graph.relation,
        per_graph=length,
    )


class GraphAttentionFusion(GraphFusion):
    """Image tokens attend to the text, then messages pass along the edges the question opens.

    The attention finds what the text names; the graph carries it along relations; the
    readout attends to both with the text as its query.

    weights: "attention" [B, heads, I, T], "gates" [E, layers], "readout" [B, I].
    """

    querying = "image"

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.attention = Attention(config.hidden, config.heads, config.dropout, config.scaled)
        self.norm = nn.LayerNorm(config.hidden)
        self.readout = Readout(config.hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        attended, attention = self.attention(image, text, masks.text)
        h = torch.cat([self.norm(image + attended), text], dim=1)
        h, gates = self.propagate(h, masked_mean(text, masks.text), graph, masks)
        image_h, text_h = h[:, : image.shape[1]], h[:, image.shape[1] :]
        pooled, looked = self.readout(image_h, text_h, masks.image, masks.text)
        return Fused(h, pooled, {"attention": attention, "gates": gates, "readout": looked})

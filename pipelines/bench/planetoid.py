"""Node classification on a citation graph, as Kipf and Welling trained it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.controls import CONTROLS
from graph_fusion.fusion import Masks, TokenGraph
from graph_fusion.layers import LAYERS
from graph_fusion.layers.edges import Edges
from graph_fusion.training import Figures, Objective
from pipelines.datasets.planetoid import CitationGraph

WEIGHT_DECAY = 5e-4
"""L2 on the first layer's weights, as in the paper (section 5.2)."""
HEADS = 8
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gat": ({"heads": HEADS}, {"heads": 1}),
    "rgcn": ({"relations": 1, "bases": 1}, {"relations": 1, "bases": 1}),
}
"""What a layer wants besides its sizes, for the first and for the last one."""
WIDER = {"gat": HEADS}
"""Layers whose hidden features are per head."""


class NodeClassifier(nn.Module):
    """softmax(Â σ(Â X W0) W1) (Kipf & Welling, ICLR 2017, eq. 9), with any graph layer.

    control: a name of `CONTROLS` that changes the edges, drawn anew at every step, or None.
    """

    def __init__(
        self,
        layer: str,
        features: int,
        hidden: int,
        classes: int,
        dropout: float,
        control: str | None = None,
    ) -> None:
        super().__init__()
        first, last = OPTIONS.get(layer, ({}, {}))
        hidden *= WIDER.get(layer, 1)
        self.first = LAYERS.make(layer, in_features=features, out_features=hidden, **first)
        self.last = LAYERS.make(
            layer, in_features=hidden, out_features=classes, activation=nn.Identity(), **last
        )
        self.dropout = nn.Dropout(dropout)
        self.control = CONTROLS.resolve(control) if control else None

    def forward(self, graph: CitationGraph) -> Tensor:
        """Return logits [N, classes]."""
        edges = self._edges(graph)
        h = self.first(self.dropout(graph.features), edges)
        logits: Tensor = self.last(self.dropout(h), edges)
        return logits

    def _edges(self, graph: CitationGraph) -> Edges:
        senders, receivers, size = graph.senders, graph.receivers, len(graph.labels)
        relation = torch.zeros_like(senders)
        if self.control:
            there = torch.ones(1, size, dtype=torch.bool, device=senders.device)
            none = graph.features.new_zeros(len(senders), 0)
            tokens = TokenGraph(
                senders,
                receivers,
                graph.features.new_ones(len(senders)),
                relation,
                relation.bool(),
                graph.features.new_zeros(1, 0),
                none,
            )
            tokens, _ = self.control(tokens, Masks(there, there[:, :0]))
            senders, receivers, relation = tokens.senders, tokens.receivers, tokens.relation
        return Edges(senders, receivers, size, relation=relation)


class NodeObjective(Objective[NodeClassifier, CitationGraph]):
    """Cross-entropy on the labelled nodes; accuracy on validation's, and on test's when asked.

    An example is the whole graph; `part` says whose nodes the figures count.
    """

    def __init__(self, part: str = "validation") -> None:
        self.part = part

    def collate(self, examples: Sequence[CitationGraph]) -> CitationGraph:
        return examples[0]

    def loss(self, model: NodeClassifier, batch: CitationGraph) -> tuple[Tensor, Figures]:
        mask = batch.train if model.training else batch.validation
        loss = F.cross_entropy(model(batch)[mask], batch.labels[mask])
        if model.training:
            decay = sum(weight.square().sum() for weight in model.first.parameters())
            loss = loss + WEIGHT_DECAY / 2 * decay
        return loss, {}

    def figures(self, model: NodeClassifier, batch: CitationGraph) -> Figures:
        mask: Tensor = getattr(batch, self.part)
        hit = model(batch)[mask].argmax(1) == batch.labels[mask]
        return {"accuracy": (hit.sum(), len(hit))}

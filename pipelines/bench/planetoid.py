"""Node classification on a citation graph, as Kipf and Welling trained it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion import FusionConfig, Masks, TokenGraph
from graph_fusion.fusion_model import CONTROLS
from graph_fusion.layers import LAYERS
from graph_fusion.layers.edges import Edges
from graph_fusion.training import Figures, Objective, TrainingConfig
from kg.errors import SightGraphError
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, ModelOptions, Prepared
from pipelines.datasets.planetoid import CitationGraph, read_planetoid
from pipelines.datasets.splits import Divided

WEIGHT_DECAY = 5e-4
"""L2 on the first layer's weights, as in the paper (section 5.2)."""
HEADS = 8
OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gat": ({"heads": HEADS}, {"heads": 1}),
    "rgcn": ({"relations": 1, "bases": 1}, {"relations": 1, "bases": 1}),
}
"""Options of a layer besides its sizes, for the first and for the last one."""
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
    """Cross-entropy on the labelled nodes; accuracy on those of validation, or of `part`.

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


class Cora(BenchTask):
    """Papers by topic, from their words and citations, with Planetoid's fixed split."""

    name = "cora"
    published = "GCN: 81.5 (Kipf & Welling, ICLR 2017, table 2)"
    sizes = FusionConfig(hidden=16, layers=2, dropout=0.5)
    configurable = ()
    training = TrainingConfig(
        epochs=200,
        learning_rate=0.01,
        weight_decay=0.0,
        schedule="constant",
        clip=None,
        watch="loss",
        save_every=1000,
    )

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError(f"{self.name} needs --data, Planetoid's folder.")
        graph = [read_planetoid(data, self.name)]
        return Prepared(NodeObjective(), graph, graph, graph, NodeObjective("test"))

    def check(self, options: ModelOptions) -> None:
        """Refuse what the paper's network has not: of the sizes, hidden and dropout are free."""
        super().check(options)
        paper = replace(self.sizes, hidden=options.sizes.hidden, dropout=options.sizes.dropout)
        others = [
            one.name
            for one in fields(FusionConfig)
            if getattr(paper, one.name) != getattr(options.sizes, one.name)
        ]
        if options.missing:
            others.append("missing")
        if others:
            raise SightGraphError(
                f"{self.name} trains the paper's network of two layers, which has no "
                f"{', '.join(others)}. Leave it out of the config; of the sizes, hidden and "
                "dropout are free."
            )

    def training_records(self, data: Path) -> Sequence[Divided]:
        return ()  # papers, divided by the masks of Planetoid's authors

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        (graph,) = prepared.train
        sizes = choice.sizes
        return NodeClassifier(
            choice.fusion,
            graph.features.shape[1],
            sizes.hidden,
            graph.classes,
            sizes.dropout,
            choice.control,
        )

    def choices(self) -> list[str]:
        return list(LAYERS)

    def controls(self, name: str) -> list[str]:
        return ["no_edges", "random_graph", "shuffled_edges"]


class Citeseer(Cora):
    """As Cora, on Citeseer."""

    name = "citeseer"
    published = "GCN: 70.3 (Kipf & Welling, ICLR 2017, table 2)"

"""Scene graphs as the layout network reads them: things, what they are, and what is said."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import torch
from torch import Tensor

from graph_fusion.encoders.text import TextEncoder
from graph_fusion.layout_model import BESIDES, IS_A, LayoutGraph
from graph_fusion.tensors import TextTable
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker

CATEGORIES = 4
"""Nearest categories of a thing that become nodes."""
Stated = tuple[int, str, int]
"""(number of a thing, relation, number of another)."""


class LayoutReader:
    """Makes graphs of numbers, and gives every text a row in one table.

    without: what of the graph is left out (`graph_fusion.layout_model.WITHOUT`).
    """

    def __init__(
        self, knowledge: KnowledgeGraph, linker: Linker, without: Sequence[str] = ()
    ) -> None:
        self.knowledge, self.linker = knowledge, linker
        self.without = frozenset(without)
        self.table = TextTable()
        self._categories: dict[str, tuple[str, ...]] = {}

    def __call__(
        self,
        labels: Sequence[str],
        sizes: Sequence[float],
        said: Sequence[Stated],
        aspect: float,
    ) -> LayoutGraph:
        """Return the graph of things; aspect: log(width / height) of the picture."""
        names = list(labels)
        edges: list[Stated] = []
        if "knowledge" not in self.without:
            for number, label in enumerate(labels):
                for category in self.categories(label):
                    if category not in names[len(labels) :]:
                        names.append(category)
                    edges.append((number, IS_A, names.index(category, len(labels))))
        if "edges" not in self.without:
            things = range(len(labels))
            edges += [(a, BESIDES, b) for a in things for b in things if a < b]
            edges += said if "said" not in self.without else []
        rows = [self.table.row(name) for name in names]
        others = [0.0] * (len(names) - len(labels))
        return LayoutGraph(
            text=tuple(rows),
            size=(*map(float, sizes), *others),
            things=len(labels),
            senders=tuple(a for a, _, _ in edges),
            receivers=tuple(b for _, _, b in edges),
            relation=tuple(self.table.row(relation) for _, relation, _ in edges),
            aspect=aspect,
        )

    def categories(self, label: str) -> tuple[str, ...]:
        """Return the nearest categories of what a name denotes; none for an unknown name."""
        if label not in self._categories:
            found = self.linker.best(label, head=True)
            every = self.knowledge.categories(found[0].concept) if found else []
            names = [self.knowledge.label(one) for one in every[:CATEGORIES]]
            self._categories[label] = tuple(dict.fromkeys(names))
        return self._categories[label]

    def vectors(self, encoder: TextEncoder) -> Tensor:
        """Return the vectors [R, D] of all texts; without "words", random ones."""
        texts = self.table.texts()
        return random_vectors(texts, encoder.dim) if "words" in self.without else encoder(texts)


def random_vectors(texts: Sequence[str], features: int) -> Tensor:
    """Return vectors of length 1 that say nothing of a text but which it is: [T, D]."""
    rows = []
    for text in texts:
        generator = torch.Generator().manual_seed(zlib.crc32(text.encode()))
        rows.append(torch.randn(features, generator=generator))
    return torch.nn.functional.normalize(torch.stack(rows), dim=1)

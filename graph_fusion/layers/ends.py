"""What follows from where edges lead, whatever they weigh."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from graph_fusion.layers.kernels import BETWEEN
from graph_fusion.layers.pattern import Pattern, pack, to_keep, wrong_edges
from kg.errors import SightGraphError


@dataclass(frozen=True, eq=False)
class Ends:
    """Where the edges of a batch lead; worked out when first asked for, then kept.

    Shapes: senders, receivers, relation [E]; size N nodes, per_graph n as in `Edges`.
    """

    senders: Tensor
    receivers: Tensor
    size: int
    per_graph: int | None
    relation: Tensor | None

    @cached_property
    def packed(self) -> Pattern:
        """Row = receiver, column = sender."""
        return pack(self.receivers, self.senders, self.size)

    @cached_property
    def looped(self) -> Pattern:
        """The same with every node's loop."""
        return pack(self.receivers, self.senders, self.size, loops=True)

    @cached_property
    def places(self) -> Tensor:
        """Where each edge stands in the dense blocks [B * n * n]: [E]."""
        nodes = self.per_graph or 1
        if self.senders.device.type == "cpu":  # a GPU would be waited for
            self._check_blocks(nodes)
        with to_keep():
            return self.receivers * nodes + self.senders % nodes

    @cached_property
    def looped_places(self) -> Tensor:
        """The same with every node's loop: [E + N]."""
        per_graph = self.per_graph or 1
        with to_keep():
            nodes = torch.arange(self.size, device=self.senders.device)
            return torch.cat([self.places, nodes * per_graph + nodes % per_graph])

    @cached_property
    def alike(self) -> Tensor:
        """How many edges of its relation lead to its receiver, for each edge: [E], long.

        Raises:
            SightGraphError: the edges have no relation.
        """
        if self.relation is None:
            raise SightGraphError(
                "these edges have no relations, which the layer needs: give Edges(relation=...)."
            )
        with to_keep():
            pairs = self.relation * self.size + self.receivers
            _, pair, count = torch.unique(pairs, return_inverse=True, return_counts=True)
            alike: Tensor = count[pair]
            return alike

    def _check_blocks(self, nodes: int) -> None:
        inside = (self.receivers >= 0) & (self.receivers < self.size)
        if not bool((inside & (self.receivers // nodes == self.senders // nodes)).all()):
            raise SightGraphError(wrong_edges(BETWEEN, self.size, nodes))

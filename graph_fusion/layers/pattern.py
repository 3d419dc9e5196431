"""Where a sparse matrix has its entries: rows one after another (CSR), and its transpose."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from graph_fusion.layers import kernels
from graph_fusion.layers.kernels import BETWEEN
from kg.errors import SightGraphError


@dataclass(frozen=True, eq=False)
class Pattern:
    """The places of M entries, sorted by row, within a row as they were given.

    Shapes:
        starts [N + 1]: where each row begins; rows, columns [M]: int32
        order [M]: each entry's place among those given, int64
    """

    starts: Tensor
    rows: Tensor
    columns: Tensor
    order: Tensor

    @property
    def size(self) -> int:
        """N, rows and columns alike."""
        return len(self.starts) - 1

    @cached_property
    def transposed(self) -> Pattern:
        """The transpose; its `order` counts through this pattern's entries."""
        return pack(self.columns, self.rows, self.size)


def pack(rows: Tensor, columns: Tensor, size: int, loops: bool = False) -> Pattern:
    """Return the pattern of entries at `rows` and `columns` [E].

    loops: close each row with an entry on the diagonal; these count as given last.

    Raises:
        SightGraphError: a row or column is not below `size` (on the CPU only: a GPU would have
            to be waited for).
    """
    with to_keep():
        if rows.device.type != "cpu":
            return pack_on_device(rows, columns, size, loops)
        ends = rows.contiguous().numpy(), columns.contiguous().numpy()
        try:
            starts, rows, columns, order = map(torch.from_numpy, kernels.pack(*ends, size, loops))
        except ValueError as error:
            raise SightGraphError(wrong_edges(str(error), size)) from error
        return Pattern(starts, rows, columns, order)


def pack_on_device(rows: Tensor, columns: Tensor, size: int, loops: bool = False) -> Pattern:
    """Return what `pack` does, by torch's operations."""
    if loops:
        diagonal = torch.arange(size, device=rows.device)
        rows, columns = torch.cat([rows, diagonal]), torch.cat([columns, diagonal])
    order = torch.argsort(rows, stable=True)
    rows = rows[order].int()
    limits = torch.arange(size + 1, dtype=torch.int32, device=rows.device)
    return Pattern(
        starts=torch.searchsorted(rows, limits, out_int32=True),
        rows=rows,
        columns=columns[order].int(),
        order=order,
    )


def to_keep() -> AbstractContextManager[object]:
    """Make tensors that may be kept: made in inference mode they would serve no training."""
    return torch.inference_mode(False) if torch.is_inference_mode_enabled() else nullcontext()


def wrong_edges(problem: str, size: int, per_graph: int | None = None) -> str:
    """Return the error for edges that do not fit their batch."""
    graphs = f" in graphs of {per_graph}" if per_graph else ""
    return (
        f"{problem}: the batch has {size} nodes{graphs}, numbered from 0 through all its graphs. "
        "Add to a graph's node numbers how many nodes stand before it in the batch, once."
    )


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

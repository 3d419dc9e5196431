"""Matrices that carry messages along edges: CSR patterns or dense blocks, and their products."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from graph_fusion.layers import small
from graph_fusion.layers.small import BETWEEN
from kg.errors import SightGraphError

SMALL = 2_000
"""Edges up to which numpy's loops take less time than loading numba's, even for a hundred batches.
"""


def loops_for(edges: int) -> ModuleType:
    """Return the loops over a batch of so many edges: `kernels`, or for few edges `small`."""
    if edges <= SMALL:
        return small
    from graph_fusion.layers import kernels

    return kernels


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
            starts, rows, columns, order = map(
                torch.from_numpy, loops_for(len(rows)).pack(*ends, size, loops)
            )
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
    """Where the edges of a batch lead; computed at the first access and cached.

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


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A sparse [N, N] matrix, row after row: a batch of graphs is block-diagonal.

    values [M]: the entries in the order of `pattern`; parallel edges stand beside each other.
    """

    pattern: Pattern
    values: Tensor

    def __matmul__(self, h: Tensor) -> Tensor:
        """Return the product with `h` [N, F] as [N, F]."""
        values = self.values.to(h.dtype)
        if not torch.is_grad_enabled():
            return _weighted_sums(self.pattern, values, h.contiguous())
        product: Tensor = _PackedProduct.apply(values, h, self.pattern)
        return product

    def dense(self) -> Tensor:
        """Return the matrix as [N, N]; parallel edges add up."""
        size = self.pattern.size
        places = self.pattern.rows.long() * size + self.pattern.columns
        return self.values.new_zeros(size * size).index_add(0, places, self.values).view(size, size)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """The blocks [B, n, n] on the diagonal of an [N, N] matrix: B graphs of n nodes each."""

    values: Tensor

    def __matmul__(self, h: Tensor) -> Tensor:
        """Return the product with `h` [N, F] as [N, F]."""
        graphs, nodes, _ = self.values.shape
        product = torch.bmm(self.values.to(h.dtype), h.reshape(graphs, nodes, h.shape[1]))
        return product.view(h.shape)

    def dense(self) -> Tensor:
        """Return the matrix as [N, N]."""
        graphs, nodes, _ = self.values.shape
        matrix = self.values.new_zeros(graphs, nodes, graphs, nodes)
        each = torch.arange(graphs, device=self.values.device)
        matrix[each, :, each] = self.values
        return matrix.view(graphs * nodes, graphs * nodes)


Matrix = Packed | Blocks


class _PackedProduct(torch.autograd.Function):
    """A @ h with the transpose of A's pattern kept for the way back, so that nothing scatters.

    The rows of a product are weighted sums of rows of h. torch's embedding bag is that sum, with
    prefetching: 2 to 3 times as fast as torch.sparse's CSR product (`benchmarks/layers.py`).
    """

    @staticmethod
    def forward(ctx: Any, values: Tensor, h: Tensor, pattern: Pattern) -> Tensor:
        h = h.contiguous()
        ctx.pattern = pattern
        ctx.save_for_backward(values, h if ctx.needs_input_grad[0] else None)
        return _weighted_sums(pattern, values, h)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        values, h = ctx.saved_tensors
        pattern: Pattern = ctx.pattern
        grad = grad.contiguous()
        of_values = of_h = None
        if ctx.needs_input_grad[0]:
            of_values = _dots(pattern, grad, h)
        if ctx.needs_input_grad[1]:
            back = pattern.transposed
            of_h = _weighted_sums(back, values.index_select(0, back.order), grad)
        return of_values, of_h, None


def _weighted_sums(pattern: Pattern, values: Tensor, h: Tensor) -> Tensor:
    """Return, for each row, the sum of its `values` [M] times the rows of `h` at its columns."""
    return F.embedding_bag(
        pattern.columns,
        h,
        pattern.starts,
        mode="sum",
        per_sample_weights=values,
        include_last_offset=True,
    )


def _dots(pattern: Pattern, grad: Tensor, h: Tensor) -> Tensor:
    """Return each entry's gradient [M]: row of `grad` times row of `h` at its column.

    The operation that embedding bag's own gradient calls; gathering both sides would write 2 E F
    numbers and takes 4 to 30 times as long.
    """
    of_values: Tensor = torch.ops.aten._embedding_bag_per_sample_weights_backward(
        grad, h, pattern.columns, pattern.starts[:-1], pattern.rows, 0
    )
    return of_values

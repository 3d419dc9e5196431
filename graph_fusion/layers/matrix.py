"""Matrices that carry messages along edges, packed (CSR) or as dense blocks; products with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from graph_fusion.layers.pattern import Pattern


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

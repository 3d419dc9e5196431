"""The matrix Â that graph convolutions multiply with."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Adjacency:
    """A sparse [N, N] matrix in coordinate form; row = receiver, column = sender.

    Shapes:
        rows, columns: [E] node indexes
        weights: [E]
    """

    rows: Tensor
    columns: Tensor
    weights: Tensor
    size: int

    def __matmul__(self, h: Tensor) -> Tensor:
        """Return the product with `h` [N, F] as [N, F]."""
        messages = self.weights.unsqueeze(1) * h.index_select(0, self.columns)
        return torch.zeros_like(h).index_add(0, self.rows, messages)

    def dense(self) -> Tensor:
        """Return the matrix as [N, N]; parallel edges add up."""
        matrix = self.weights.new_zeros(self.size, self.size)
        return matrix.index_put((self.rows, self.columns), self.weights, accumulate=True)


def normalise(senders: Tensor, receivers: Tensor, weights: Tensor, size: int) -> Adjacency:
    """Return Â = D^-1/2 (A + I) D^-1/2 (Kipf & Welling, ICLR 2017, section 2.1).

    D holds the mean of each node's incoming and outgoing weight in A + I. For a symmetric A
    this is the paper's degree; ours need not be symmetric, since a question may open a
    relation in one direction only.

    Shapes:
        senders, receivers: [E] node indexes; an undirected edge stands there twice
        weights: [E], not negative
    """
    loops = torch.arange(size, device=weights.device)
    rows = torch.cat([receivers, loops])
    columns = torch.cat([senders, loops])
    weights = torch.cat([weights, weights.new_ones(size)])
    degree = weights.new_zeros(size).index_add(0, rows, weights).index_add(0, columns, weights) / 2
    scale = degree.rsqrt()
    return Adjacency(rows, columns, scale[rows] * weights * scale[columns], size)

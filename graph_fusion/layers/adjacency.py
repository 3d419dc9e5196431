"""The matrix Â that graph convolutions multiply with."""

from __future__ import annotations

import torch
from torch import Tensor


def normalise(senders: Tensor, receivers: Tensor, weights: Tensor, size: int) -> Tensor:
    """Return the entries of Â = D^-1/2 (A + I) D^-1/2 (Kipf & Welling, ICLR 2017, section 2.1).

    D holds the mean of each node's incoming and outgoing weight in A + I. For a symmetric A
    this is the paper's degree; ours need not be symmetric, since a question may open a
    relation in one direction only.

    Shapes:
        senders, receivers: [E] node numbers; an undirected edge stands there twice
        weights: [E], not negative
        returns [E + N]: of the edges, then of the N loops
    """
    touching = weights.new_zeros(size).index_add(0, receivers, weights)
    degree = 1 + touching.index_add(0, senders, weights) / 2
    scale = degree.rsqrt()
    return torch.cat([scale[receivers] * weights * scale[senders], 1 / degree])

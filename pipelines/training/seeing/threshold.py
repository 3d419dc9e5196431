"""The threshold from which what a network says is right often enough."""

from __future__ import annotations

import torch
from torch import Tensor

DIGITS = 10_000
"""A threshold is a multiple of one over this."""


def least_precise(scores: Tensor, right: Tensor, precision: float) -> float:
    """Return the lowest threshold from which on scores have `precision`; 1.0 where none has.

    Shapes:
        scores, right: the same; right is 1 where the score's statement holds, and 0 elsewhere

    >>> least_precise(torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1.0, 0.0, 1.0]), 0.9)
    0.6
    """
    rounded = (scores.flatten().double() * DIGITS).floor()  # those from the threshold on stay so
    found, order = rounded.sort(descending=True)
    share = right.flatten()[order].cumsum(0) / torch.arange(1, len(order) + 1)
    last = torch.ones(len(found), dtype=torch.bool)
    last[:-1] = found[1:] < found[:-1]  # equal scores are on one side of every threshold
    good = ((share >= precision) & last).nonzero()
    return float(found[int(good[-1])]) / DIGITS if len(good) else 1.0

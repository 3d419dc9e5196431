"""The threshold from which what a network says is right often enough."""

from __future__ import annotations

import torch
from torch import Tensor


def least_precise(scores: Tensor, right: Tensor, precision: float) -> float:
    """Return the lowest score such that those from there on have `precision`; 1.0 where none has.

    Shapes:
        scores, right: the same; right is 1 where the score's statement holds, and 0 elsewhere

    >>> least_precise(torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1.0, 0.0, 1.0]), 0.9)
    0.6
    """
    found, order = scores.flatten().sort(descending=True)
    share = right.flatten()[order].cumsum(0) / torch.arange(1, len(order) + 1)
    good = (share >= precision).nonzero()
    return round(float(found[int(good[-1])]), 4) if len(good) else 1.0

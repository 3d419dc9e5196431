"""Losses of log-probabilities that leave out samples without a target."""

from __future__ import annotations

import torch
from torch import Tensor

NO_TARGET = -1
"""Class number of a sample that has no target."""
SUREST = -1e-6
"""Log-probability above which log(1 - p) is no longer told from its bound."""
LOG_HALF = -0.6931471805599453
"""Where one form of log(1 - exp(x)) becomes better than the other."""


def mean_where(values: Tensor, counted: Tensor) -> Tensor:
    """Return the mean of `values` where `counted`, []; 0 if nowhere. Shapes: both [B]."""
    return values.masked_fill(~counted, 0.0).sum() / counted.sum().clamp_min(1)


def class_loss(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Return the mean of -log p(target), [].

    Shapes:
        log_probabilities [B, C]; target [B]: class numbers, `NO_TARGET` where there is none
    """
    row = target.clamp_min(0).unsqueeze(1)
    return mean_where(-log_probabilities.gather(1, row).squeeze(1), target != NO_TARGET)


def soft_cross_entropy(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of -Σ_a t_a log p_a, where t are the soft scores scaled to sum 1, [].

    Shapes:
        log_probabilities [B, A]
        targets [B, A]: soft scores in [0, 1], e.g. min(votes / 3, 1); all 0: no target
    """
    total = targets.sum(dim=1)
    shares = targets / total.clamp_min(torch.finfo(targets.dtype).tiny).unsqueeze(1)
    return mean_where(-(shares * log_probabilities).sum(dim=1), total > 0)


def soft_binary(log_probabilities: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of -Σ_a t_a log p_a + (1 - t_a) log(1 - p_a), [].

    Each answer is a yes or no of its own, so that two right answers do not compete (Teney et
    al., CVPR 2018, section 3.2; theirs are sigmoids, ours the mixed probabilities).

    Shapes: as in `soft_cross_entropy`
    """
    wrong = log_one_minus(log_probabilities)
    each = -(targets * log_probabilities + (1 - targets) * wrong)
    return mean_where(each.sum(dim=1), targets.sum(dim=1) > 0)


def log_one_minus(log_probabilities: Tensor) -> Tensor:
    """Return log(1 - exp(x)) of each x <= 0 without cancellation (Mächler, 2012)."""
    x = log_probabilities.clamp_max(SUREST)
    # each form is clamped beyond the other's side, as a clamp's edge has no gradient
    near = torch.log(-torch.expm1(x.clamp_min(2 * LOG_HALF)))
    far = torch.log1p(-torch.exp(x.clamp_max(LOG_HALF / 2)))
    return torch.where(x > LOG_HALF, near, far)

"""Interface, losses and scorers that the heads over fused tokens share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused
from kg.errors import SightGraphError

LOG_ZERO = -1e4
"""Log-probability of what cannot be: exp of it is exactly 0, and no gradient of it is NaN."""
FIRST_SCALE, LARGEST_SCALE = 1 / 0.07, 100.0
"""Inverse temperature of likeness: where training starts, and its bound (Radford et al., 2021)."""


class Head(nn.Module, ABC):
    """Makes predictions from what a fusion gives; chosen by name in `HEADS`.

    `forward(fused, ...)` returns log-probabilities, or a dataclass of them; `loss` takes what
    `forward` returned and the targets. A sample without a target is left out of the loss;
    without any, the loss is 0. Masked tokens have no effect; candidates of an answer, among which
    `pointer` and `choice` select, are no tokens, and stay.
    """

    @abstractmethod
    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Return the prediction; the arguments are the head's own."""

    @abstractmethod
    def loss(self, *inputs: Any, **options: Any) -> Tensor:
        """Return a number to minimise, []."""


def parts_of(fused: Fused) -> tuple[Tensor, Tensor]:
    """Return the vectors to predict from [B, P, H] and the logs of their shares [B, P].

    Without parts, `pooled` is the only one. Shares need not sum to 1; their logs do.

    Raises:
        SightGraphError: there are parts without shares.
    """
    if fused.parts is None:
        return fused.pooled.unsqueeze(1), fused.pooled.new_zeros(len(fused.pooled), 1)
    if fused.shares is None:
        raise SightGraphError(
            "the fusion gave parts without shares. Give `Fused.shares` [B, P] as well."
        )
    tiny = torch.finfo(fused.shares.dtype).tiny
    logs = fused.shares.clamp_min(tiny).log().masked_fill(fused.shares <= 0, LOG_ZERO)
    return fused.parts, logs.log_softmax(dim=1)


def predict(score: Callable[[Tensor], Tensor], fused: Fused) -> Tensor:
    """Return log-probabilities [B, A]: log Σ_p share_p softmax(score(part_p)).

    A fusion without parts counts as one with a single part, `pooled`. Mixing probabilities
    rather than logits keeps the answer of a confident part (linear opinion pool, Stone, 1961).

    Shapes:
        score: maps [B, P, H] to logits [B, P, A]
    """
    vectors, shares = parts_of(fused)
    return mixed(score(vectors).log_softmax(dim=-1), shares)


def mixed(log_probabilities: Tensor, shares: Tensor) -> Tensor:
    """Return the logs [B, A] of `log_probabilities` [B, P, A] mixed by log `shares` [B, P]."""
    return torch.logsumexp(log_probabilities + shares.unsqueeze(-1), dim=1)


def mlp(features: int, hidden: int, out: int) -> nn.Sequential:
    """Return two linear layers with ReLU between them."""
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, out))


class ItemScorer(nn.Module):
    """s(x, q) = w · relu(W x + U q + (V q) ⊙ (K x)): the score of an item for a question.

    The sum scores the item alone, the product the item for the question.

    Shapes:
        items [B, L, F]: tokens or candidates; query [B, P, H]
        returns [B, P, L] logits
    """

    def __init__(self, hidden: int, features: int) -> None:
        super().__init__()
        self.item = nn.Linear(features, hidden)
        self.match_item = nn.Linear(features, hidden, bias=False)
        self.asked = nn.Linear(hidden, hidden, bias=False)
        self.match_asked = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, items: Tensor, query: Tensor) -> Tensor:
        alone = self.item(items).unsqueeze(1) + self.asked(query).unsqueeze(2)
        match = self.match_asked(query).unsqueeze(2) * self.match_item(items).unsqueeze(1)
        logits: Tensor = self.out(torch.relu(alone + match)).squeeze(-1)
        return logits


class Likeness(nn.Module):
    """τ⁻¹ cos(W q, K x) with learnt τ (Radford et al., ICML 2021, section 2.3).

    Shapes:
        queries [..., Q, F]; keys [..., K, D]
        returns [..., Q, K] logits
    """

    def __init__(self, features: int, key_features: int, hidden: int) -> None:
        super().__init__()
        self.query = nn.Linear(features, hidden)
        self.key = nn.Linear(key_features, hidden)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        scale = self.log_scale.exp().clamp_max(LARGEST_SCALE)
        queries = F.normalize(self.query(queries), dim=-1)
        return scale * queries @ F.normalize(self.key(keys), dim=-1).transpose(-2, -1)


def masked_log_softmax(logits: Tensor, there: Tensor) -> Tensor:
    """Return log-probabilities over what is `there`; `LOG_ZERO` elsewhere. Shapes: alike."""
    logs = logits.masked_fill(~there, LOG_ZERO).log_softmax(dim=-1)
    return logs.masked_fill(~there, LOG_ZERO)


NO_TARGET = -1
"""Class number of a sample that has no target."""
SUREST = -1e-6
"""Log-probability above which log(1 - p) is no longer distinguished from its bound."""
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

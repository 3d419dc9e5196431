"""How many: each token is counted or not, and their sum has an exact distribution."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.base import LOG_ZERO, Head, ItemScorer, mixed, parts_of
from graph_fusion.heads.losses import NO_TARGET, class_loss, mean_where

MOST = 20
"""Largest number that is told from others; the class after it means "more"."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Shapes (B samples, I image tokens):

    inside, outside [B, I]: log-probability that a token is, and is not, among those counted
    countable [B, I]: which tokens may be counted at all, bool
    numbers [B, most + 2]: log-probability of each number, the last of "more than `most`"
    """

    inside: Tensor
    outside: Tensor
    countable: Tensor
    numbers: Tensor

    @property
    def expected(self) -> Tensor:
        """The expected number [B], without a bound."""
        return self.inside.exp().sum(dim=1)


class CountHead(Head):
    """p(n) = P(Σ_l c_l = n), c_l ~ Bernoulli(σ(s(h_l, q))) independent: Poisson-binomial.

    Learns which tokens to count from numbers alone, and what it learnt holds for more tokens
    than it was trained on.

    Shapes:
        fused, masks: B samples of I image tokens (and text, which is not counted)
        countable [B, I]: bool; None: every image token
        returns `Counted`
    """

    def __init__(self, hidden: int, most: int = MOST) -> None:
        super().__init__()
        self.most = most
        self.scorer = ItemScorer(hidden, hidden)

    def forward(self, fused: Fused, masks: Masks, countable: Tensor | None = None) -> Counted:
        countable = masks.image if countable is None else masks.image & countable
        asked, shares = parts_of(fused)
        logits = self.scorer(fused.tokens[:, : countable.shape[1]], asked)
        inside = mixed(F.logsigmoid(logits), shares).masked_fill(~countable, LOG_ZERO)
        outside = mixed(F.logsigmoid(-logits), shares).masked_fill(~countable, 0.0)
        numbers = poisson_binomial(inside, outside, self.most)
        return Counted(inside, outside, countable, numbers)

    def loss(self, counted: Counted, target: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the mean of -log p(target), plus that of the labels where they are known.

        A target above the number of countable tokens means all of them: the detector has
        missed some, and no choice of tokens could reach it.

        Shapes:
            target [B]: true numbers, `NO_TARGET` where there is none
            labels [B, I]: 1 counted, 0 not, `NO_TARGET` unknown; None: all unknown
        """
        reachable = counted.countable.sum(dim=1).clamp_max(self.most + 1)
        total = class_loss(counted.numbers, torch.minimum(target, reachable))
        if labels is None:
            return total
        each = torch.where(labels == 1, -counted.inside, -counted.outside)
        return total + mean_where(each, counted.countable & (labels != NO_TARGET))


def poisson_binomial(inside: Tensor, outside: Tensor, most: int) -> Tensor:
    """Return log-probabilities of how many of L independent events happen.

    P_l(n) = P_{l-1}(n) (1 - p_l) + P_{l-1}(n - 1) p_l, in logs; exact, O(L · most).

    Shapes:
        inside, outside [B, L]: log p_l and log(1 - p_l)
        returns [B, most + 2]: 0, 1, ..., `most`, and more
    """
    numbers = inside.new_full((len(inside), most + 2), LOG_ZERO)
    numbers[:, 0] = 0.0
    below_more = torch.arange(most + 2, device=inside.device) <= most  # "more" stays "more"
    for happens, fails in zip(inside.unbind(1), outside.unbind(1), strict=True):
        stays = numbers + fails.unsqueeze(1) * below_more
        grows = F.pad(numbers[:, :-1] + happens.unsqueeze(1), (1, 0), value=LOG_ZERO)
        numbers = torch.logaddexp(stays, grows)
    return numbers

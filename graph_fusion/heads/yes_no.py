"""Yes, no or unknown."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.base import Head, ItemScorer, masked_log_softmax, mixed, mlp, parts_of
from graph_fusion.heads.losses import class_loss


@dataclass(frozen=True, slots=True)
class Verdict:
    """Shapes (B samples, L tokens):

    log_probabilities [B, 3]: of `YES`, `NO`, `UNKNOWN` (numbers in `graph_fusion.heads`)
    attention [B, L]: where the head looked; sums to 1 over the tokens that are there
    """

    log_probabilities: Tensor
    attention: Tensor


class YesNoHead(Head):
    """p = softmax(MLP([q; v; q ⊙ v])), v = Σ_l a_l h_l, a = softmax_l(s(h_l, q)).

    q is the pooled vector: a "yes" may hang on one token that pooling has thinned out, so the
    head looks at the tokens once more.

    Shapes:
        fused: B samples of L = I + T tokens; masks: the same tokens
        returns `Verdict`
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.looker = ItemScorer(hidden, hidden)
        self.out = mlp(3 * hidden, hidden, 3)

    def forward(self, fused: Fused, masks: Masks) -> Verdict:
        asked, shares = parts_of(fused)
        there = masks.all.unsqueeze(1).expand(-1, asked.shape[1], -1)
        looked = masked_log_softmax(self.looker(fused.tokens, asked), there)
        seen = looked.exp() @ fused.tokens
        each = self.out(torch.cat([asked, seen, asked * seen], dim=-1)).log_softmax(dim=-1)
        return Verdict(mixed(each, shares), mixed(looked, shares).exp())

    def loss(self, verdict: Verdict, target: Tensor) -> Tensor:
        """Return the mean of -log p(target [B]); `NO_TARGET` leaves a sample out."""
        return class_loss(verdict.log_probabilities, target)

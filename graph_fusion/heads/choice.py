"""Multiple choice: which of the candidates given with the question."""

from __future__ import annotations

from torch import Tensor

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.base import LOG_ZERO, Head, ItemScorer, masked_log_softmax, mixed, parts_of
from graph_fusion.heads.losses import class_loss


class ChoiceHead(Head):
    """p = softmax_c(s(x_c, q)): each candidate is scored with the question and the image.

    The candidate is an input, not a class (Jabri et al., ECCV 2016, section 3), so that
    candidates unseen in training can be chosen; their order does not matter.

    Shapes (C candidates at most, D text features):
        candidates [B, C, D]: vectors of the candidates' texts
        there [B, C]: which of them are, bool; None: all
        returns [B, C] log-probabilities, `LOG_ZERO` where no candidate is
    """

    def __init__(self, hidden: int, text_features: int) -> None:
        super().__init__()
        self.scorer = ItemScorer(hidden, text_features)

    def forward(self, fused: Fused, candidates: Tensor, there: Tensor | None = None) -> Tensor:
        asked, shares = parts_of(fused)
        logits = self.scorer(candidates, asked)
        if there is None:
            return mixed(logits.log_softmax(dim=-1), shares)
        each = masked_log_softmax(logits, there.unsqueeze(1).expand_as(logits))
        return mixed(each, shares).masked_fill(~there, LOG_ZERO)

    def loss(self, log_probabilities: Tensor, target: Tensor) -> Tensor:
        """Return the mean of -log p(target [B]); `NO_TARGET` leaves a sample out."""
        return class_loss(log_probabilities, target)

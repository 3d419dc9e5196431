"""Answers from a closed list, and image tokens as answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused
from graph_fusion.fusion_model import Inputs
from graph_fusion.heads.base import (
    Head,
    ItemScorer,
    masked_log_softmax,
    mean_where,
    mixed,
    mlp,
    parts_of,
    predict,
    soft_cross_entropy,
)


class ClosedHead(Head):
    """log softmax(MLP(x)) over a closed list of answers: [B, A].

    answers: length A of the list.
    """

    def __init__(self, hidden: int, answers: int) -> None:
        super().__init__()
        self.score = mlp(hidden, hidden, answers)

    def forward(self, fused: Fused, inputs: Inputs | None = None) -> Tensor:
        return predict(self.score, fused)

    def loss(self, log_probabilities: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy against soft scores [B, A]."""
        return soft_cross_entropy(log_probabilities, targets)


FIRST_COSINE_SCALE = 16.0
"""What a cosine counts at the start, against a bias in natural logs."""


class NamedAnswers(Head):
    """log softmax over answers a of s cos(W x, v_a) + b_a; v_a starts as the vector of a's name.

    So a rare answer is near what it means before training has seen it; b_a starts as the log of
    how often a is right.

    Shapes:
        names [A, H]: vectors of the answers' names; often [A]: how often each is right, > 0
        returns log-probabilities [B, A]
    """

    def __init__(self, names: Tensor, often: Tensor, dropout: float = 0.1) -> None:
        super().__init__()
        hidden = names.shape[1]
        self.query = nn.Linear(hidden, hidden)
        nn.init.eye_(self.query.weight)
        nn.init.zeros_(self.query.bias)
        self.names = nn.Parameter(F.normalize(names, dim=1))
        self.bias = nn.Parameter(torch.log(often / often.sum()))
        self.scale = nn.Parameter(torch.tensor(FIRST_COSINE_SCALE))
        self.dropout = nn.Dropout(dropout)

    def forward(self, fused: Fused, inputs: Inputs | None = None) -> Tensor:
        return predict(self.logits, fused)

    def logits(self, pooled: Tensor) -> Tensor:
        """Return the logits [..., A] of vectors [..., H]."""
        asked = F.normalize(self.dropout(self.query(pooled)), dim=-1)
        return self.scale * asked @ self.names.T + self.bias

    def loss(self, log_probabilities: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy against soft scores [B, A]."""
        return soft_cross_entropy(log_probabilities, targets)


class PointerHead(Head):
    """log softmax_i s([h_i; x_i], q): which image token is the answer, [B, I].

    h_i is the fused token and x_i the token before the fusion.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.score = ItemScorer(hidden, 2 * hidden)

    def forward(self, fused: Fused, inputs: Inputs) -> Tensor:
        there = inputs.masks.image
        items = torch.cat([fused.tokens[:, : there.shape[1]], inputs.image], dim=2)
        vectors, shares = parts_of(fused)
        logits = self.score(items, vectors)
        return mixed(masked_log_softmax(logits, there.unsqueeze(1).expand_as(logits)), shares)

    def loss(self, log_probabilities: Tensor, right: Tensor) -> Tensor:
        """Return the mean of -log of the probability of all `right` [B, I] tokens together.

        `right` is bool; a sample without a right token is left out.
        """
        lowest = torch.finfo(log_probabilities.dtype).min
        each = -torch.logsumexp(log_probabilities.masked_fill(~right, lowest), dim=1)
        return mean_where(each, right.any(dim=1))

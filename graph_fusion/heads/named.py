"""A closed list of answers, each known by its name from the start."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.base import Head, predict
from graph_fusion.heads.losses import soft_cross_entropy

FIRST_SCALE = 16.0
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
        self.scale = nn.Parameter(torch.tensor(FIRST_SCALE))
        self.dropout = nn.Dropout(dropout)

    def forward(self, fused: Fused) -> Tensor:
        return predict(self.logits, fused)

    def logits(self, pooled: Tensor) -> Tensor:
        """Return the logits [..., A] of vectors [..., H]."""
        asked = F.normalize(self.dropout(self.query(pooled)), dim=-1)
        return self.scale * asked @ self.names.T + self.bias

    def loss(self, log_probabilities: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy against soft scores [B, A]."""
        return soft_cross_entropy(log_probabilities, targets)

"""Which concepts a photograph shows, and where, learned from captions alone.

A caption says what is in the photograph, but not where: multiple instance learning with a noisy-OR
over the cells (Fang et al., From captions to visual concepts and back, CVPR 2015).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

RARE = -7.0
"""First logit of every concept in every cell: 81 cells together then give it 0.07."""


class TagNetwork(nn.Module):
    """One hidden layer over each cell; what the whole photograph is like adds to every cell.

    Shapes:
        grid [B, P, F]: features of P cells; returns logits [B, P, C] of each concept in each cell
    """

    def __init__(
        self, features: int, concepts: int, hidden: int = 256, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(features))
        self.spread = nn.Buffer(torch.ones(features))
        self.hidden = nn.Linear(features, hidden)
        self.drop = nn.Dropout(dropout)
        self.cell = nn.Linear(hidden, concepts)
        self.whole = nn.Linear(hidden, concepts, bias=False)
        nn.init.constant_(self.cell.bias, RARE)
        nn.init.zeros_(self.whole.weight)

    def forward(self, grid: Tensor) -> Tensor:
        h = self.drop((grid - self.mean) / self.spread)
        h = self.drop(torch.relu(self.hidden(h)))
        logits: Tensor = self.cell(h) + self.whole(h.mean(1, keepdim=True))
        return logits


def log_absence(logits: Tensor) -> Tensor:
    """Return the logarithm of the probability that no cell shows a concept: [B, C], below 0.

    logits: [B, P, C]
    """
    return -F.softplus(logits).sum(1).clamp_min(1e-6)


def presence(logits: Tensor) -> Tensor:
    """Return the probability that some cell shows a concept: [B, C] from logits [B, P, C]."""
    return 1 - log_absence(logits).exp()


def presence_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the cross-entropy of "some cell shows it", summed over concepts, mean over B: [].

    Shapes:
        logits [B, P, C]; targets [B, C] in [0, 1]
    """
    absence = log_absence(logits)
    presence = torch.log1p(-absence.exp())
    return -(targets * presence + (1 - targets) * absence).sum(1).mean()

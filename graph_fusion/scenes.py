"""A small network that tells scenes from a photograph's features and its objects."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 96
DROPPED = 0.4


class SceneNetwork(nn.Module):
    """One hidden layer over both; every scene is judged for itself.

    Shapes:
        look [B, F]: features of the whole photograph; objects [B, L]: scores by label
        returns [B, S] logits
    """

    def __init__(self, features: int, labels: int, scenes: int) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(features))
        self.spread = nn.Buffer(torch.ones(features))
        self.hidden = nn.Linear(features + labels, HIDDEN)
        self.drop = nn.Dropout(DROPPED)
        self.scenes = nn.Linear(HIDDEN, scenes)

    def forward(self, look: Tensor, objects: Tensor) -> Tensor:
        scaled = (look - self.mean) / self.spread
        h = torch.relu(self.hidden(self.drop(torch.cat([scaled, objects], dim=1))))
        logits: Tensor = self.scenes(self.drop(h))
        return logits

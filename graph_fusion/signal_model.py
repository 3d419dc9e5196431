"""Which of several names a signal has, from its feature vectors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MIN_SPREAD = 1e-5


class SignalNetwork(nn.Module):
    """Convolutions over time, their mean and deviation, two linear layers: a small x-vector.

    After Snyder et al., X-vectors: robust DNN embeddings for speaker recognition (ICASSP 2018).

    features: D of a vector; names: N; hidden: H.
    mean, spread [D]: of the vectors of training.

    Shapes:
        vectors [B, T, D]; mask [B, T]: which of them are there, at least one of each sample
        returns logits [B, N]
    """

    def __init__(self, features: int, names: int, hidden: int = 64, dropout: float = 0.3) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(features))
        self.spread = nn.Buffer(torch.ones(features))
        self.near = nn.Conv1d(features, hidden, 5, padding=2)
        self.far = nn.Conv1d(hidden, hidden, 3, padding=2, dilation=2)
        self.embed = nn.Linear(2 * hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.names = nn.Linear(hidden, names)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        logits: Tensor = self.names(self.dropout(self.embedding(vectors, mask)))
        return logits

    def embedding(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return one vector [B, H] for each signal."""
        there = mask.unsqueeze(1).to(vectors.dtype)
        h = ((vectors - self.mean) / self.spread).transpose(1, 2) * there
        h = torch.relu(self.near(h)) * there
        h = torch.relu(self.far(h)) * there
        count = there.sum(2)
        mean = h.sum(2) / count
        variance = (((h - mean.unsqueeze(2)) * there) ** 2).sum(2) / count
        pooled = torch.cat([mean, (variance + MIN_SPREAD).sqrt()], dim=1)
        return torch.relu(self.embed(self.dropout(pooled)))

    @torch.no_grad()
    def standardise(self, vectors: Tensor) -> None:
        """Take mean and deviation from the vectors [M, D] of training."""
        self.mean.copy_(vectors.mean(0))
        self.spread.copy_(vectors.std(0, unbiased=False).clamp_min(MIN_SPREAD))

    @torch.no_grad()
    def sharpen(self, factor: float) -> None:
        """Multiply all logits by `factor`, which calibration chose."""
        self.names.weight.mul_(factor)
        self.names.bias.mul_(factor)

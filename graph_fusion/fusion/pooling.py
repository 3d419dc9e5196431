"""From tokens to one vector: means and attention over the tokens that are there."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def masked_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return the mean [B, H] of the `tokens` [B, L, H] that are there; zeros where none is."""
    weights = mask.to(tokens.dtype).unsqueeze(2)
    mean: Tensor = (tokens * weights).sum(1) / weights.sum(1).clamp_min(1.0)
    return mean


def masked_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax over the last dimension among what is there; all zeros where nothing is.

    Shapes: logits [..., L]; mask: bool, broadcast to them.
    """
    lowest = torch.finfo(logits.dtype).min
    weights = torch.softmax(logits.masked_fill(~mask, lowest), dim=-1)
    return weights * mask.to(weights.dtype)


class Readout(nn.Module):
    """Attention over image tokens, asked by the text; then both, and their product, to one vector.

    Without text the attention asks with a learnt bias alone; without an image only the text
    counts.

    Shapes:
        image [B, I, H], text [B, T, H], masks [B, I], [B, T]
        returns pooled [B, H] and attention [B, I]
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.key = nn.Linear(hidden, hidden)
        self.query = nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)
        self.out = nn.Linear(3 * hidden, hidden)

    def forward(
        self, image: Tensor, text: Tensor, image_mask: Tensor, text_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        asked = masked_mean(text, text_mask)
        joint = torch.tanh(self.key(image) + self.query(asked).unsqueeze(1))
        attention = masked_softmax(self.score(joint).squeeze(2), image_mask)
        seen = (attention.unsqueeze(1) @ image).squeeze(1)
        pooled: Tensor = torch.relu(self.out(torch.cat([seen, asked, seen * asked], dim=1)))
        return pooled, attention

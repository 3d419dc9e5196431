"""A picture as a few object tokens, found by learnt queries."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPREAD = 2.0
"""Places reach from -SPREAD to SPREAD: so that distances weigh beside what stands there."""


class SlotEncoder(nn.Module):
    """A small CNN whose cells are gathered into K tokens by attention with learnt queries.

    Each query settles on one kind of thing; its attention over the cells says where that is.
    Nothing but the later loss tells it what to look for.

    Shapes:
        images [B, 3, S, S], values in [0, 1]
        returns tokens [B, K, H], centres [B, K, 2] (x, y in [-1, 1]) and
            attention [B, K, cells]
    """

    def __init__(self, slots: int, hidden: int, channels: int = 32) -> None:
        super().__init__()
        self.near = nn.Sequential(
            _step(3, channels, stride=2),
            _step(channels, channels, stride=2),
        )
        self.far = nn.Sequential(
            _step(channels, 2 * channels, stride=1),
            _step(2 * channels, 2 * channels, stride=1),
        )
        self.queries = nn.Conv2d(channels, slots, 1, bias=False)
        # By their near features alone, and in units of deviations: so each query soon settles on
        # another colour. Much more contrast at first, and several settle on the same one.
        self.contrast = nn.BatchNorm2d(slots)
        self.value = nn.Linear(2 * channels, hidden)
        self.place = nn.Linear(4, hidden)
        self.slot = nn.Parameter(torch.zeros(slots, hidden))
        nn.init.normal_(self.slot, std=0.5)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        near = self.near(images - 0.5)
        cells = self.far(near)
        height, width = cells.shape[2:]
        attention = torch.softmax(self.contrast(self.queries(near)).flatten(2), dim=2)
        values = cells.flatten(2).transpose(1, 2)  # [B, cells, C]
        centres = attention @ grid(height, width).to(values)
        spread = SPREAD * centres
        places = torch.cat([spread, spread.square()], dim=2)  # distances are linear in these
        tokens = self.value(attention @ values) + self.place(places) + self.slot
        return self.norm(tokens), centres, attention


def grid(height: int, width: int) -> Tensor:
    """Return the (x, y) of each cell's middle, in [-1, 1], row by row: [height * width, 2]."""
    y = (torch.arange(height) + 0.5) / height * 2 - 1
    x = (torch.arange(width) + 0.5) / width * 2 - 1
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], dim=1)


def _step(channels: int, wider: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, wider, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(wider),
        nn.ReLU(),
    )

"""Weights in a quarter of their size: whole numbers from -127 to 127, with a scale for each row."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

LEVELS = 127
SMALLEST = 4096
"""Tensors with fewer numbers are kept as they are."""
SCALE = ".scale"
"""Ending of the name under which a matrix's scales stand beside it."""


def shrunk(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `state` with every large matrix [R, C] as int8 and its scales [R, 1]."""
    small: dict[str, Tensor] = {}
    for name, value in state.items():
        value = value.detach().contiguous()
        if value.dim() == 2 and value.numel() >= SMALLEST and value.is_floating_point():
            scale = value.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / LEVELS
            small[name] = torch.round(value / scale).to(torch.int8)
            small[name + SCALE] = scale
        else:
            small[name] = value
    return small


def restored(small: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what `shrunk` was given, each number to within half a step of its row."""
    state: dict[str, Tensor] = {}
    for name, value in small.items():
        if name + SCALE in small:
            value = value.to(torch.float32) * small[name + SCALE]
        if not name.endswith(SCALE) or name.removesuffix(SCALE) not in small:
            state[name] = value
    return state

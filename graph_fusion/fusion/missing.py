"""Training that prepares for a missing modality."""

from __future__ import annotations

import torch
from torch import Tensor

from graph_fusion.fusion.base import Masks


def drop_modalities(masks: Masks, share: float) -> Masks:
    """Leave one modality out of a `share` of the samples, x̃_i = x_i ⊙ m_i; never both.

    Which one is a fair coin; a sample that has only one keeps it. Draws from torch's global
    generator.
    """
    samples = len(masks.image)
    drawn = torch.rand(samples, 2, device=masks.image.device)
    dropped, which = drawn[:, 0] < share, drawn[:, 1] < 0.5
    both = masks.image.any(1) & masks.text.any(1)
    return Masks(
        image=masks.image & ~(dropped & both & which).unsqueeze(1),
        text=masks.text & ~(dropped & both & ~which).unsqueeze(1),
    )


def cover(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return `tokens` [B, L, H] with zeros where the mask [B, L] has none."""
    return tokens * mask.unsqueeze(2)

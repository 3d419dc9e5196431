"""Fused tokens to predict from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from graph_fusion.fusion.base import Fused, Masks

Sample = Callable[..., tuple[Fused, Masks]]


def fused_sample(
    samples: int = 4, image: int = 5, text: int = 3, hidden: int = 16, seed: int = 0
) -> tuple[Fused, Masks]:
    """Return random fused tokens, zeros where none is; each sample has one image token at least."""
    generator = torch.Generator().manual_seed(seed)
    seen = torch.rand(samples, image, generator=generator) < 0.7
    seen[:, 0] = True
    masks = Masks(seen, torch.rand(samples, text, generator=generator) < 0.7)
    tokens = torch.randn(samples, image + text, hidden, generator=generator)
    pooled = torch.randn(samples, hidden, generator=generator)
    return Fused(tokens * masks.all.unsqueeze(2), pooled), masks


@pytest.fixture
def sample() -> Sample:
    """The maker of samples, as tests cannot import from here."""
    return fused_sample

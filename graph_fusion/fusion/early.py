"""Early fusion: features are concatenated before anything is decided."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.pooling import masked_mean


class EarlyFusion(Fusion):
    """z = MLP(mean(I) ⊕ mean(T)); every token gets the other modality's mean beside it.

    A missing modality counts as zeros.

    weights: "image" [B, I] and "text" [B, T], the share of each token in its mean: all alike.
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        hidden = config.hidden
        widths = [2 * hidden] + [hidden] * config.layers
        steps: list[nn.Module] = []
        for width, wider in pairwise(widths):
            steps += [nn.Linear(width, wider), nn.ReLU(), nn.Dropout(config.dropout)]
        self.joint = nn.Sequential(*steps)
        self.token = nn.Linear(2 * hidden, hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        seen, said = masked_mean(image, masks.image), masked_mean(text, masks.text)
        beside = torch.cat(
            [
                torch.cat([image, said.unsqueeze(1).expand_as(image)], dim=2),
                torch.cat([text, seen.unsqueeze(1).expand_as(text)], dim=2),
            ],
            dim=1,
        )
        tokens = torch.relu(self.token(beside)) * masks.all.unsqueeze(2)
        weights = {"image": _shares(masks.image, seen), "text": _shares(masks.text, said)}
        return Fused(tokens, self.joint(torch.cat([seen, said], dim=1)), weights)


def _shares(mask: Tensor, like: Tensor) -> Tensor:
    there = mask.to(like.dtype)
    return there / there.sum(1, keepdim=True).clamp_min(1.0)

"""Early fusion: features are concatenated before anything is decided."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import (
    Fused,
    Fusion,
    FusionConfig,
    Masks,
    TokenGraph,
    masked_softmax,
    pooled,
    pooling_shares,
)


class EarlyFusion(Fusion):
    """z = MLP(pool(I) ⊕ pool(T)); every token gets the other modality's pooled vector beside it.

    A missing modality counts as zeros.

    weights: "image" [B, I] and "text" [B, T], the share of each token in its pooled vector.
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
        pooling = self.config.pooling
        image_h, text_h = pooled(image, masks.image, pooling), pooled(text, masks.text, pooling)
        beside = torch.cat(
            [
                torch.cat([image, text_h.unsqueeze(1).expand_as(image)], dim=2),
                torch.cat([text, image_h.unsqueeze(1).expand_as(text)], dim=2),
            ],
            dim=1,
        )
        tokens = torch.relu(self.token(beside)) * masks.all.unsqueeze(2)
        weights = {
            "image": pooling_shares(image, masks.image, pooling),
            "text": pooling_shares(text, masks.text, pooling),
        }
        return Fused(tokens, self.joint(torch.cat([image_h, text_h], dim=1)), weights)


class LateFusion(Fusion):
    """p = Σ_m w_m p_m: the head predicts from each modality's vector; `shares` are w.

    The shares come from both vectors, and are renormalised over the modalities that are there.
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.image = branch(config)
        self.text = branch(config)
        self.share = nn.Linear(2 * config.hidden, 2)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        image_h = self.image(pooled(image, masks.image, self.config.pooling))
        text_h = self.text(pooled(text, masks.text, self.config.pooling))
        there = torch.stack([masks.image.any(1), masks.text.any(1)], dim=1)
        shares = masked_softmax(self.share(torch.cat([image_h, text_h], dim=1)), there)
        parts = torch.stack([image_h, text_h], dim=1)
        tokens = torch.cat([self.image(image), self.text(text)], dim=1) * masks.all.unsqueeze(2)
        mixed = (shares.unsqueeze(1) @ parts).squeeze(1)
        return Fused(tokens, mixed, {"shares": shares}, parts, shares)


def branch(config: FusionConfig) -> nn.Sequential:
    """Return one modality's own layers."""
    steps: list[nn.Module] = []
    for _ in range(config.layers):
        steps += [nn.Linear(config.hidden, config.hidden), nn.ReLU(), nn.Dropout(config.dropout)]
    return nn.Sequential(*steps)


class HybridFusion(Fusion):
    """Early and late at once: image, text and their early fusion each predict."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.early = EarlyFusion(config)
        self.image = branch(config)
        self.text = branch(config)
        self.share = nn.Linear(3 * config.hidden, 3)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        early = self.early(image, text, graph, masks)
        image_h = self.image(pooled(image, masks.image, self.config.pooling))
        text_h = self.text(pooled(text, masks.text, self.config.pooling))
        parts = torch.stack([image_h, text_h, early.pooled], dim=1)
        there = torch.stack([masks.image.any(1), masks.text.any(1)], dim=1)
        there = torch.cat([there, torch.ones_like(there[:, :1])], dim=1)
        shares = masked_softmax(self.share(parts.flatten(1)), there)
        mixed = (shares.unsqueeze(1) @ parts).squeeze(1)
        alone = torch.cat([self.image(image), self.text(text)], dim=1) * masks.all.unsqueeze(2)
        return Fused(early.tokens + alone, mixed, {"shares": shares}, parts, shares)

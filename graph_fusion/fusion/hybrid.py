"""Hybrid fusion: early and late together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.early import EarlyFusion
from graph_fusion.fusion.late import branch
from graph_fusion.fusion.pooling import masked_mean, masked_softmax


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
        seen = self.image(masked_mean(image, masks.image))
        said = self.text(masked_mean(text, masks.text))
        parts = torch.stack([seen, said, early.pooled], dim=1)
        there = torch.stack([masks.image.any(1), masks.text.any(1)], dim=1)
        there = torch.cat([there, torch.ones_like(there[:, :1])], dim=1)
        shares = masked_softmax(self.share(parts.flatten(1)), there)
        pooled = (shares.unsqueeze(1) @ parts).squeeze(1)
        alone = torch.cat([self.image(image), self.text(text)], dim=1) * masks.all.unsqueeze(2)
        return Fused(early.tokens + alone, pooled, {"shares": shares}, parts, shares)

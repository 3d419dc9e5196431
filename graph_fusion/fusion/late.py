"""Late fusion: each modality predicts alone, then the predictions are combined."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.pooling import masked_mean, masked_softmax


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
        seen = self.image(masked_mean(image, masks.image))
        said = self.text(masked_mean(text, masks.text))
        there = torch.stack([masks.image.any(1), masks.text.any(1)], dim=1)
        shares = masked_softmax(self.share(torch.cat([seen, said], dim=1)), there)
        parts = torch.stack([seen, said], dim=1)
        tokens = torch.cat([self.image(image), self.text(text)], dim=1) * masks.all.unsqueeze(2)
        pooled = (shares.unsqueeze(1) @ parts).squeeze(1)
        return Fused(tokens, pooled, {"shares": shares}, parts, shares)


def branch(config: FusionConfig) -> nn.Sequential:
    """Return one modality's own layers."""
    steps: list[nn.Module] = []
    for _ in range(config.layers):
        steps += [nn.Linear(config.hidden, config.hidden), nn.ReLU(), nn.Dropout(config.dropout)]
    return nn.Sequential(*steps)

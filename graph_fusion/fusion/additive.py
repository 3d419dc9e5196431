"""Additive attention of the text over the image."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.pooling import masked_mean, masked_softmax


class AdditiveAttention(Fusion):
    """e_ij = vᵀ tanh(W x_i + U y_j + b) (Bahdanau et al., ICLR 2015, appendix A.1.2).

    Each text token j takes Σ_i softmax_i(e_ij) x_i, in `layers` glimpses one after another.

    weights: "attention" [B, T, I] of the last glimpse.
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        hidden = config.hidden
        self.glimpses = nn.ModuleList(_Glimpse(hidden) for _ in range(config.layers))
        self.norm = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(config.layers))
        self.dropout = nn.Dropout(config.dropout)
        self.out = nn.Linear(2 * hidden, hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        attention = image.new_zeros(0)
        for glimpse, norm in zip(self.glimpses, self.norm, strict=True):
            attended, attention = glimpse(image, text, masks.image)
            text = norm(text + self.dropout(attended))
        both = torch.cat([masked_mean(text, masks.text), masked_mean(image, masks.image)], dim=1)
        tokens = torch.cat([image, text], dim=1) * masks.all.unsqueeze(2)
        return Fused(tokens, torch.relu(self.out(both)), {"attention": attention})


class _Glimpse(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.w = nn.Linear(hidden, hidden)
        self.u = nn.Linear(hidden, hidden, bias=False)
        self.v = nn.Linear(hidden, 1, bias=False)
        self.value = nn.Linear(hidden, hidden)

    def forward(self, image: Tensor, text: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        pairs = torch.tanh(self.w(image).unsqueeze(1) + self.u(text).unsqueeze(2))  # [B, T, I, H]
        attention = masked_softmax(self.v(pairs).squeeze(3), there.unsqueeze(1))
        return self.value(attention @ image), attention

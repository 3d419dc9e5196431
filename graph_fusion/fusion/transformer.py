"""A transformer over all tokens of both modalities."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graph_fusion.fusion.attention import Attention
from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, Readout, TokenGraph


class TransformerFusion(Fusion):
    """Pre-norm encoder layers (Vaswani et al., NeurIPS 2017; Xiong et al., ICML 2020).

    A learnt vector for each modality is added at the start.

    weights: "attention" [B, heads, I + T, I + T] of the last layer, "readout" [B, I].
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.modality = nn.Parameter(torch.zeros(2, config.hidden))
        nn.init.normal_(self.modality, std=0.02)
        self.blocks = nn.ModuleList(TransformerBlock(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.hidden)
        self.readout = Readout(config.hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        h = torch.cat([image + self.modality[0], text + self.modality[1]], dim=1)
        attention = h.new_zeros(0)
        for block in self.blocks:
            h, attention = block(h, masks.all)
        h = self.norm(h) * masks.all.unsqueeze(2)
        seen, said = h[:, : image.shape[1]], h[:, image.shape[1] :]
        pooled, looked = self.readout(seen, said, masks.image, masks.text)
        return Fused(h, pooled, {"attention": attention, "readout": looked})


class TransformerBlock(nn.Module):
    """Attention, then two linear layers, each added to what came in."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        hidden = config.hidden
        self.first_norm = nn.LayerNorm(hidden)
        self.attention = Attention(hidden, config.heads, config.dropout)
        self.second_norm = nn.LayerNorm(hidden)
        self.wide = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.GELU(), nn.Linear(2 * hidden, hidden)
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, h: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        normal = self.first_norm(h)
        attended, weights = self.attention(normal, normal, mask)
        h = h + self.dropout(attended)
        return h + self.dropout(self.wide(self.second_norm(h))), weights

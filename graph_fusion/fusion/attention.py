"""Attention of one modality over the other."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.pooling import masked_mean, masked_softmax


class Attention(nn.Module):
    """softmax(Q Kᵀ / √d) V with several heads (Vaswani et al., NeurIPS 2017, section 3.2).

    Shapes:
        asking [B, Q, H], asked [B, K, H], mask [B, K]: which of the asked are there
        returns [B, Q, H] and weights [B, heads, Q, K]
    """

    def __init__(self, hidden: int, heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, asking: Tensor, asked: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        query, key, value = self.query(asking), self.key(asked), self.value(asked)
        query, key, value = (
            one.unflatten(2, (self.heads, -1)).transpose(1, 2) for one in (query, key, value)
        )
        logits = query @ key.transpose(2, 3) / math.sqrt(query.shape[3])
        weights = masked_softmax(logits, mask[:, None, None, :])
        mixed = (self.dropout(weights) @ value).transpose(1, 2).flatten(2)
        out: Tensor = self.out(mixed)
        return out, weights


class CrossAttention(Fusion):
    """Layers of H' = LN(H + Attention(H, other)) of one modality over the other.

    weights: "attention" [B, heads, Q, K] of the last layer.
    """

    asking = "text"
    """Which modality asks; the other one is asked and stays as it is."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.attention = nn.ModuleList(
            Attention(config.hidden, self.head_count(), config.dropout)
            for _ in range(config.layers)
        )
        self.norm = nn.ModuleList(nn.LayerNorm(config.hidden) for _ in range(config.layers))
        self.out = nn.Linear(2 * config.hidden, config.hidden)

    def head_count(self) -> int:
        return self.config.heads

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        if self.asking == "text":
            asking, own, other, there = text, masks.text, image, masks.image
        else:
            asking, own, other, there = image, masks.image, text, masks.text
        weights = asking.new_zeros(0)
        h = asking
        for attention, norm in zip(self.attention, self.norm, strict=True):
            attended, weights = attention(h, other, there)
            h = norm(h + attended)
        both = torch.cat([masked_mean(h, own), masked_mean(other, there)], dim=1)
        order = [other, h] if self.asking == "text" else [h, other]
        tokens = torch.cat(order, dim=1) * masks.all.unsqueeze(2)
        return Fused(tokens, torch.relu(self.out(both)), {"attention": weights})


class TextOverImage(CrossAttention):
    """Multi-head attention: the text asks the image."""


class ImageOverText(CrossAttention):
    """Multi-head attention: the image asks the text."""

    asking = "image"


class DotProduct(CrossAttention):
    """Scaled dot-product attention of the text over the image, with one head."""

    def head_count(self) -> int:
        return 1

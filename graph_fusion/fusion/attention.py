"""Attention of one modality over the other, and of all tokens over all."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import (
    Fused,
    Fusion,
    FusionConfig,
    Masks,
    Readout,
    TokenGraph,
    masked_softmax,
    pooled,
)


class Attention(nn.Module):
    """softmax(Q Kᵀ / √d) V with several heads (Vaswani et al., NeurIPS 2017, section 3.2).

    scaled: divide by √d, d features of a head; False: softmax(Q Kᵀ) V.

    Shapes:
        queries [B, Q, H], keys [B, K, H], mask [B, K]: which of the keys are there
        returns [B, Q, H] and weights [B, heads, Q, K]
    """

    def __init__(self, hidden: int, heads: int, dropout: float = 0.0, scaled: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.scale = math.sqrt(hidden // heads) if scaled else 1.0
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, queries: Tensor, keys: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        query, key, value = self.query(queries), self.key(keys), self.value(keys)
        query, key, value = (
            one.unflatten(2, (self.heads, -1)).transpose(1, 2) for one in (query, key, value)
        )
        logits = query @ key.transpose(2, 3) / self.scale
        weights = masked_softmax(logits, mask[:, None, None, :])
        mixed = (self.dropout(weights) @ value).transpose(1, 2).flatten(2)
        out: Tensor = self.out(mixed)
        return out, weights


class CrossAttention(Fusion):
    """Layers of H' = LN(H + Attention(H, other)) of one modality over the other.

    z = ReLU(W (pool(H') ⊕ pool(other))): both are concatenated at the end.

    weights: "attention" [B, heads, Q, K] of the last layer.
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.attention = nn.ModuleList(
            Attention(config.hidden, self.head_count(), config.dropout, config.scaled)
            for _ in range(config.layers)
        )
        self.norm = nn.ModuleList(nn.LayerNorm(config.hidden) for _ in range(config.layers))
        self.out = nn.Linear(2 * config.hidden, config.hidden)

    def head_count(self) -> int:
        return self.config.heads

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        if self.querying == "text":
            queries, own, other, there = text, masks.text, image, masks.image
        else:
            queries, own, other, there = image, masks.image, text, masks.text
        weights = queries.new_zeros(0)
        h = queries
        for attention, norm in zip(self.attention, self.norm, strict=True):
            attended, weights = attention(h, other, there)
            h = norm(h + attended)
        pooling = self.config.pooling
        both = torch.cat([pooled(h, own, pooling), pooled(other, there, pooling)], dim=1)
        order = [other, h] if self.querying == "text" else [h, other]
        tokens = torch.cat(order, dim=1) * masks.all.unsqueeze(2)
        return Fused(tokens, torch.relu(self.out(both)), {"attention": weights})


class TextOverImage(CrossAttention):
    """Multi-head attention: queries of the text, keys of the image."""


class ImageOverText(CrossAttention):
    """Multi-head attention: queries of the image, keys of the text."""

    querying = "image"


class DotProduct(CrossAttention):
    """Dot-product attention of the text over the image with one head: softmax(Q Kᵀ / √H) V.

    With `scaled: false`: softmax(Q Kᵀ) V (Luong et al., EMNLP 2015, "dot").
    """

    def head_count(self) -> int:
        return 1


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
        pooling = self.config.pooling
        each = pooled(text, masks.text, pooling), pooled(image, masks.image, pooling)
        both = torch.cat(each, dim=1)
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


class JointAttention(Fusion):
    """H = A·(I ⊕ T) with A = softmax(f(I, T)), f(x, y) = (P x)·(Q y) / √H (`scaled`).

    I ⊕ T is the image tokens followed by the text tokens; every token takes a mixture of all.

    weights: "attention" [B, I + T, I + T] of the last layer, "readout" [B, I].
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        hidden, layers = config.hidden, config.layers
        self.left = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers))
        self.right = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers))
        self.step = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers))
        self.norm = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(layers))
        self.modality = nn.Parameter(torch.zeros(2, hidden))
        nn.init.normal_(self.modality, std=0.02)
        self.dropout = nn.Dropout(config.dropout)
        self.readout = Readout(hidden)
        self.scale = math.sqrt(hidden) if config.scaled else 1.0

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        h = torch.cat([image + self.modality[0], text + self.modality[1]], dim=1)
        there = masks.all
        attention = h.new_zeros(0)
        for left, right, step, norm in zip(
            self.left, self.right, self.step, self.norm, strict=True
        ):
            logits = left(h) @ right(h).transpose(1, 2) / self.scale
            attention = masked_softmax(logits, there.unsqueeze(1))
            h = norm(h + self.dropout(torch.relu(step(attention @ h))))
        h = h * there.unsqueeze(2)
        image_h, text_h = h[:, : image.shape[1]], h[:, image.shape[1] :]
        vector, looked = self.readout(image_h, text_h, masks.image, masks.text)
        return Fused(h, vector, {"attention": attention, "readout": looked})


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
        image_h, text_h = h[:, : image.shape[1]], h[:, image.shape[1] :]
        vector, looked = self.readout(image_h, text_h, masks.image, masks.text)
        return Fused(h, vector, {"attention": attention, "readout": looked})


class TransformerBlock(nn.Module):
    """Attention, then two linear layers, each added to what came in."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        hidden = config.hidden
        self.first_norm = nn.LayerNorm(hidden)
        self.attention = Attention(hidden, config.heads, config.dropout, config.scaled)
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

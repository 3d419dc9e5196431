"""One attention over both modalities at once."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.pooling import Readout, masked_softmax


class JointAttention(Fusion):
    """H = A·(I ⊕ T) with A = softmax(f(I, T)), f(x, y) = (P x)·(Q y) / √H.

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

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        h = torch.cat([image + self.modality[0], text + self.modality[1]], dim=1)
        there = masks.all
        attention = h.new_zeros(0)
        for left, right, step, norm in zip(
            self.left, self.right, self.step, self.norm, strict=True
        ):
            logits = left(h) @ right(h).transpose(1, 2) / math.sqrt(h.shape[2])
            attention = masked_softmax(logits, there.unsqueeze(1))
            h = norm(h + self.dropout(torch.relu(step(attention @ h))))
        h = h * there.unsqueeze(2)
        seen, said = h[:, : image.shape[1]], h[:, image.shape[1] :]
        pooled, looked = self.readout(seen, said, masks.image, masks.text)
        return Fused(h, pooled, {"attention": attention, "readout": looked})

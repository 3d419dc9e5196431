"""Graph and attention: the default."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graph_fusion.fusion.attention import Attention
from graph_fusion.fusion.base import Fused, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.graph import GraphFusion
from graph_fusion.fusion.pooling import Readout, masked_mean


class GraphAttentionFusion(GraphFusion):
    """Image tokens attend to the text, then messages pass along the edges the question opens.

    The attention finds what the text names; the graph carries it along relations; the
    readout, asked by the text, looks at both.

    weights: "attention" [B, heads, I, T], "gates" [E, layers], "readout" [B, I].
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.attention = Attention(config.hidden, config.heads, config.dropout)
        self.norm = nn.LayerNorm(config.hidden)
        self.readout = Readout(config.hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        attended, attention = self.attention(image, text, masks.text)
        h = torch.cat([self.norm(image + attended), text], dim=1)
        h, gates = self.propagate(h, masked_mean(text, masks.text), graph, masks)
        seen, said = h[:, : image.shape[1]], h[:, image.shape[1] :]
        pooled, looked = self.readout(seen, said, masks.image, masks.text)
        return Fused(h, pooled, {"attention": attention, "gates": gates, "readout": looked})

"""A language model reads the text and then the image tokens, one after the other, as words."""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.image_tokens import pretrained
from graph_fusion.fusion.pooling import masked_mean
from kg.errors import SightGraphError


class LanguageFusion(Fusion):
    """H = LM(T, I); z = mean H: the order of tokens counts, padding has no place in it.

    All of the language model's layers learn, its word vectors do not. For image tokens that are
    words themselves, such as the spelt names of objects.

    weights: "attention" [B, heads, I + T, I + T] of the last layer.
    """

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.model = pretrained(config.language_model, sys.maxsize)
        self.model.get_submodule("embeddings.word_embeddings").requires_grad_(False)
        width = int(self.model.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.longest = int(self.model.config.max_position_embeddings)  # type: ignore[union-attr, arg-type]
        same = width == config.hidden
        self.inwards = nn.Identity() if same else nn.Linear(config.hidden, width)
        self.outwards = nn.Identity() if same else nn.Linear(width, config.hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        seen, words = image.shape[1], text.shape[1]
        if seen + words > self.longest:
            raise SightGraphError(
                f"the language model reads {self.longest} tokens, and there are {seen} of the "
                f"image and {words} of the text. Give fewer."
            )
        there = torch.cat([masks.text, masks.image], dim=1)
        read = self.model(
            inputs_embeds=self.inwards(torch.cat([text, image], dim=1)),
            attention_mask=there.long(),
            position_ids=(there.cumsum(dim=1) - 1).clamp_min(0),
            output_attentions=True,
        )
        h = self.outwards(read.last_hidden_state) * there.unsqueeze(2)
        image_first = torch.arange(seen + words, device=h.device).roll(seen)
        attention = read.attentions[-1][:, :, image_first][..., image_first]
        return Fused(h[:, image_first], masked_mean(h, there), {"attention": attention})

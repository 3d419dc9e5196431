"""A language model reads words and image tokens together; then graph layers follow the edges."""

from __future__ import annotations

import sys

import torch
from torch import Tensor, nn

from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.graph import GraphFusion
from graph_fusion.fusion.image_tokens import pretrained
from graph_fusion.fusion.pooling import masked_mean
from kg.errors import SightGraphError

IMAGE_PLACE = 48
"""Position of all image tokens, behind the words: they are a set and have no order."""


class LanguageGraphFusion(Fusion):
    """[IMG] tokens (Tsimpoukelli et al., NeurIPS 2021) as a set, then σ(ÂHW) over their edges.

    All of the language model's layers learn, its word vectors do not; `layers` counts the graph
    layers. Tokens as wide as the language model take the place of its word vectors as they are;
    others are projected there and back. The pooled vector is the mean of what it read, as its
    sentence vectors are (Reimers & Gurevych, EMNLP 2019), plus what the graph's readout adds,
    which starts as nothing.

    weights: "gates" [E, layers], "readout" [B, I].
    """

    reads_graph = True

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.model = pretrained(config.language_model, sys.maxsize)
        self.model.get_submodule("embeddings.word_embeddings").requires_grad_(False)
        width = int(self.model.config.hidden_size)  # type: ignore[union-attr, arg-type]
        same = width == config.hidden
        self.inwards = nn.Identity() if same else nn.Linear(config.hidden, width)
        self.outwards = nn.Identity() if same else nn.Linear(width, config.hidden)
        self.marker = nn.Parameter(torch.zeros(config.hidden))
        self.graph = GraphFusion(config)
        self.add = nn.Linear(config.hidden, config.hidden)
        nn.init.zeros_(self.add.weight)
        nn.init.zeros_(self.add.bias)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        seen = image.shape[1]
        words = text.shape[1]
        if words > IMAGE_PLACE:
            raise SightGraphError(f"{words} text tokens; language_graph reads {IMAGE_PLACE}.")
        places = torch.arange(words, device=image.device)
        places = torch.cat([places, places.new_full((seen,), IMAGE_PLACE)])
        there = torch.cat([masks.text, masks.image], dim=1)
        tokens = self.inwards(torch.cat([text, image + self.marker], dim=1))
        read = self.model(
            inputs_embeds=tokens,
            attention_mask=there.long(),
            position_ids=places.unsqueeze(0),
        ).last_hidden_state
        read = self.outwards(read) * there.unsqueeze(2)
        fused = self.graph(read[:, words:], read[:, :words], graph, masks)
        pooled = masked_mean(read, there) + self.add(fused.pooled)
        return Fused(fused.tokens, pooled, fused.weights)

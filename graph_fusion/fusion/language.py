"""Pretrained language models as fusions: they read image tokens beside words."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.bert import load_bert, own
from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.fusion.base import (
    Fused,
    Fusion,
    FusionConfig,
    Masks,
    Readout,
    TokenGraph,
    masked_mean,
)
from graph_fusion.fusion.graph import GraphFusion
from kg.errors import SightGraphError


class ImageTokensFusion(Fusion):
    """The language model reads [IMG] tokens, then text tokens (Tsimpoukelli et al., NeurIPS 2021).

    Both are projected to the model's width and take the place of its word vectors; where the
    width is the same, the projection of the text starts as the identity. The model's last
    `layers` layers learn, the others stay as they were pretrained. In a BERT every token reads
    every other one; in a GPT a token reads those before it, so the words read the image. Padding
    is read last, since it would move the words behind it to other positions.

    weights: "attention" [B, heads, I + T, I + T] of the last layer, "readout" [B, I].
    """

    reads_words = True

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.model = pretrained(config.language_model, config.layers)
        sizes: Any = self.model.config
        self.longest = int(sizes.max_position_embeddings)
        width = int(sizes.hidden_size)
        self.image_in = nn.Linear(config.hidden, width)
        self.text_in = nn.Linear(config.hidden, width)
        if width == config.hidden:
            nn.init.eye_(self.text_in.weight)
            nn.init.zeros_(self.text_in.bias)
        self.marker = nn.Parameter(torch.zeros(width))
        self.out = nn.Linear(width, config.hidden)
        self.readout = Readout(config.hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        if image.shape[1] + text.shape[1] > self.longest:
            raise SightGraphError(
                f"the language model reads {self.longest} tokens, and there are {image.shape[1]} "
                f"of the image and {text.shape[1]} of the text. Give fewer."
            )
        words = torch.cat([self.image_in(image) + self.marker, self.text_in(text)], dim=1)
        there = masks.all
        order = (~there).long().argsort(dim=1, stable=True)
        read = self.model(
            inputs_embeds=words.take_along_dim(order.unsqueeze(2), 1),
            attention_mask=there.take_along_dim(order, 1).long(),
            output_attentions=True,
        )
        place = order.argsort(dim=1)
        h = self.out(read.last_hidden_state.take_along_dim(place.unsqueeze(2), 1))
        h = h * there.unsqueeze(2)
        attention = read.attentions[-1].take_along_dim(place[:, None, :, None], 2)
        attention = attention.take_along_dim(place[:, None, None, :], 3)
        image_h, text_h = h[:, : image.shape[1]], h[:, image.shape[1] :]
        pooled, looked = self.readout(image_h, text_h, masks.image, masks.text)
        return Fused(h, pooled, {"attention": attention, "readout": looked})


def pretrained(folder: str | None, layers: int) -> nn.Module:
    """Return the network of `folder` (None: MiniLM) whose last `layers` layers learn.

    Raises:
        SightGraphError: there is no such model, or it has no list of layers.
    """
    if folder is None:
        model: nn.Module = own(load_bert(bundled_minilm(), eager=True))
    else:
        model = _by_transformers(folder)
    depth = getattr(model.config, "num_hidden_layers", None)
    lists = [part for part in model.modules() if isinstance(part, nn.ModuleList)]
    stack = next((list(part) for part in lists if len(part) == depth), None)
    if stack is None:
        raise _unusable(folder, "it has no list of layers")
    model.requires_grad_(False)
    for layer in stack[max(len(stack) - layers, 0) :]:
        layer.requires_grad_(True)
    return model


def encoder(folder: str | None) -> nn.Module:
    """Return the BERT-like network of `folder` (None: MiniLM); all but its word vectors learns.

    Raises:
        SightGraphError: there is no such model, or it is of another kind.
    """
    model = pretrained(folder, sys.maxsize)
    try:
        model.get_submodule("embeddings.word_embeddings").requires_grad_(False)
    except AttributeError as error:
        raise _unusable(folder, error) from error
    return model


def _by_transformers(folder: str) -> nn.Module:
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        # attention weights are requested, and only this implementation returns them
        model: nn.Module = AutoModel.from_pretrained(
            folder, local_files_only=True, attn_implementation="eager"
        )
    except (OSError, ValueError) as error:
        raise _unusable(folder, error) from error
    if getattr(model, "pooler", None) is not None:
        model.pooler = None  # type: ignore[assignment] # its vector is no token
    return model


def _unusable(folder: str | None, error: Exception | str) -> SightGraphError:
    return SightGraphError(
        f"'{folder}' holds no model in Hugging Face's format that can be used: {error}. Give the "
        "folder of a BERT-like model, with config.json and model.safetensors; image_tokens also "
        "takes a GPT."
    )


class LanguageFusion(Fusion):
    """H = LM(T, I); z = mean H: the order of tokens counts, padding has no place in it.

    All of the language model's layers learn, its word vectors do not. For image tokens that are
    words themselves, such as the spelt names of objects.

    weights: "attention" [B, heads, I + T, I + T] of the last layer.
    """

    reads_words = True
    reads_spelling = True

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.model = encoder(config.language_model)
        width = int(self.model.config.hidden_size)  # type: ignore[union-attr, arg-type]
        self.longest = int(self.model.config.max_position_embeddings)  # type: ignore[union-attr, arg-type]
        same = width == config.hidden
        self.inwards = nn.Identity() if same else nn.Linear(config.hidden, width)
        self.outwards = nn.Identity() if same else nn.Linear(width, config.hidden)

    def forward(self, image: Tensor, text: Tensor, graph: TokenGraph, masks: Masks) -> Fused:
        image_length, text_length = image.shape[1], text.shape[1]
        if image_length + text_length > self.longest:
            raise SightGraphError(
                f"the language model reads {self.longest} tokens; there are {image_length} of the "
                f"image and {text_length} of the text. Give fewer."
            )
        there = torch.cat([masks.text, masks.image], dim=1)
        read = self.model(
            inputs_embeds=self.inwards(torch.cat([text, image], dim=1)),
            attention_mask=there.long(),
            position_ids=(there.cumsum(dim=1) - 1).clamp_min(0),
            output_attentions=True,
        )
        h = self.outwards(read.last_hidden_state) * there.unsqueeze(2)
        image_first = torch.arange(image_length + text_length, device=h.device).roll(image_length)
        attention = read.attentions[-1][:, :, image_first][..., image_first]
        return Fused(h[:, image_first], masked_mean(h, there), {"attention": attention})


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
    reads_words = True

    def __init__(self, config: FusionConfig) -> None:
        super().__init__(config)
        self.model = encoder(config.language_model)
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
        image_length = image.shape[1]
        words = text.shape[1]
        if words > IMAGE_PLACE:
            raise SightGraphError(f"{words} text tokens; language_graph reads {IMAGE_PLACE}.")
        places = torch.arange(words, device=image.device)
        places = torch.cat([places, places.new_full((image_length,), IMAGE_PLACE)])
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

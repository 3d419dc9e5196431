"""Image tokens put into a pretrained language model's input."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.text import bundled_minilm
from graph_fusion.fusion.base import Fused, Fusion, FusionConfig, Masks, Readout, TokenGraph
from kg.errors import SightGraphError


class ImageTokensFusion(Fusion):
    """The language model reads [IMG] tokens, then text tokens (Tsimpoukelli et al., NeurIPS 2021).

    Both are projected to the model's width and take the place of its word vectors; where the
    width is the same, the projection of the text starts as the identity. The model's last
    `layers` layers learn, the others stay as they were pretrained.

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
        read = self.model(inputs_embeds=words, attention_mask=there.long(), output_attentions=True)
        h = self.out(read.last_hidden_state) * there.unsqueeze(2)
        seen, said = h[:, : image.shape[1]], h[:, image.shape[1] :]
        pooled, looked = self.readout(seen, said, masks.image, masks.text)
        return Fused(h, pooled, {"attention": read.attentions[-1], "readout": looked})


def pretrained(folder: str | None, layers: int) -> nn.Module:
    """Return the encoder of `folder` (None: MiniLM) whose last `layers` layers learn.

    Raises:
        SightGraphError: there is no such model, or it has no list of layers.
    """
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    where = folder or bundled_minilm()
    try:
        # attention weights are asked for, and only this implementation returns them
        model: nn.Module = AutoModel.from_pretrained(
            where, local_files_only=True, attn_implementation="eager"
        )
        if getattr(model, "pooler", None) is not None:
            model.pooler = None  # type: ignore[assignment] # its vector is no token
        stack = list(model.get_submodule("encoder").get_submodule("layer").children())
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SightGraphError(
            f"'{where}' holds no encoder in Hugging Face's format that can be used: {error}. "
            "Give the folder of a BERT-like model, with config.json and model.safetensors."
        ) from error
    model.requires_grad_(False)
    for layer in stack[max(len(stack) - layers, 0) :]:
        layer.requires_grad_(True)
    return model

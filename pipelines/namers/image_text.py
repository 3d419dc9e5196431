"""Models of the hub that compare images with texts: CLIP, SigLIP and their like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.weights import check_weights
from pipelines.detectors.hub import loading_from_hub

BATCH = 64
"""Texts that are read at once."""


class ImageTextModel:
    """Images and texts as vectors in one space (Radford et al., ICML 2021; Zhai et al., ICCV 2023).

    name: a model id, e.g. "google/siglip-base-patch16-224", or a folder; only safetensors weights
        are read. purpose: what it is loaded for, for messages.

    Raises:
        SightGraphError: there is no such model, or it cannot be downloaded or read.
    """

    def __init__(self, name: str | Path, purpose: str) -> None:
        from transformers import AutoModel, AutoProcessor

        processors: Any = AutoProcessor
        models: Any = AutoModel
        self.name = str(name)
        with loading_from_hub(purpose, self.name) as options:
            self.processor = processors.from_pretrained(self.name, **options)
            self.model = models.from_pretrained(self.name, use_safetensors=True, **options)
            check_weights(dict(self.model.named_parameters()))
            if not hasattr(self.model, "get_text_features"):
                raise ValueError("it compares no images with texts, as CLIP and SigLIP do")
        self.model.eval()

    @property
    def scale(self) -> float:
        """What a cosine is multiplied with to be a logit."""
        return float(self.model.logit_scale.exp())

    @torch.inference_mode()
    def images(self, images: Sequence[Image.Image]) -> Tensor:
        """Return vectors of length 1: [M, F]."""
        pixels = self.processor(images=list(images), return_tensors="pt")["pixel_values"]
        return F.normalize(_pooled(self.model.get_image_features(pixel_values=pixels)), dim=1)

    @torch.inference_mode()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return vectors of length 1: [N, F], N > 0."""
        parts = []
        for start in range(0, len(texts), BATCH):
            tokens = self.processor(
                text=list(texts[start : start + BATCH]),
                padding="max_length",  # SigLIP was trained so
                max_length=self.model.config.text_config.max_position_embeddings,
                truncation=True,
                return_tensors="pt",
            )
            parts.append(_pooled(self.model.get_text_features(**tokens)))
        return F.normalize(torch.cat(parts), dim=1)


def _pooled(output: Any) -> Tensor:
    """Return the vectors [N, F]: transformers 5 gives them with the states of all tokens."""
    found: Tensor = output if isinstance(output, Tensor) else output.pooler_output
    return found

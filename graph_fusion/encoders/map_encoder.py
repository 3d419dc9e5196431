"""A network that gives a map of features, as an image encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.base import ImageEncoder
from graph_fusion.encoders.feature_maps import (
    FeatureMap,
    check_features,
    check_images,
    map_tokens,
)
from graph_fusion.encoders.tokens import Tokens


class Standardise(nn.Module):
    """Subtracts the mean of each colour and divides by its deviation; both are kept as weights.

    Shapes: [B, 3, H, W] in and out.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.deviation


class MapEncoder(ImageEncoder):
    """Encodes images by `body`, and takes global, grid or region features from its map.

    body: gives a `FeatureMap` of images [B, 3, H, W] and has `dim`.
    frozen: its weights and the statistics of its batch norms stay as they are.
    settings: what the config holds besides `features` and `frozen`.
    """

    def __init__(
        self,
        body: nn.Module,
        features: str = "grid",
        frozen: bool = False,
        standardise: nn.Module | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_features(features)
        self.features = features
        self.frozen = frozen
        self.standardise = standardise or nn.Identity()
        self.body = body.requires_grad_(not frozen)
        self.dim = int(body.dim)  # type: ignore[arg-type]
        self._settings = dict(settings or {})
        self.train(self.training)

    def forward(self, images: Tensor, boxes: Sequence[Tensor] | None = None) -> Tokens:
        check_images(images)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            found: FeatureMap = self.body(self.standardise(images))
        return map_tokens(found, self.features, images, boxes)

    def train(self, mode: bool = True) -> MapEncoder:
        super().train(mode)
        if self.frozen:
            self.body.eval()
        return self

    def config(self) -> dict[str, Any]:
        return {**self._settings, "features": self.features, "frozen": self.frozen}

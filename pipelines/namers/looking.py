"""What EfficientNet-Lite2 sees in a photograph and in its regions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from graph_fusion.encoders.efficientnet_lite import (
    SIDE,
    EfficientNetLite2,
    Looked,
    load_efficientnet_lite2,
)
from kg.graph import Box
from pipelines.photo import Photo

BATCH = 8
"""Regions that the network reads at once: the memory of activations grows with it."""


class Looker:
    """Runs the network, which is loaded on first use; keeps what it saw in the last photograph."""

    def __init__(self) -> None:
        self._network: EfficientNetLite2 | None = None
        self._last: Photo | None = None
        self._whole: Looked | None = None

    def whole(self, photo: Photo) -> Looked:
        """Return what the network makes of the whole photograph, stretched to a square: B = 1."""
        if self._whole is None or self._last is not photo:
            frame = Box(0.0, 0.0, float(photo.width), float(photo.height))
            self._whole, self._last = self._look(pixels(photo, [frame])), photo
        return self._whole

    def regions(self, photo: Photo, boxes: Sequence[Box]) -> tuple[Tensor, Tensor]:
        """Return pooled features [M, 1280] and logits [M, 1000] of M boxes, M > 0."""
        parts = [
            self._look(pixels(photo, boxes[start : start + BATCH]))
            for start in range(0, len(boxes), BATCH)
        ]
        return torch.cat([one.pooled for one in parts]), torch.cat([one.logits for one in parts])

    @torch.inference_mode()
    def _look(self, images: Tensor) -> Looked:
        if self._network is None:
            self._network = load_efficientnet_lite2()
        looked: Looked = self._network(images)
        return looked


def pixels(photo: Photo, boxes: Sequence[Box]) -> Tensor:
    """Return boxes of a photograph, each stretched to a square: [M, 3, 260, 260] in [0, 255]."""
    parts = [
        np.asarray(photo.image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
        for box in boxes
    ]
    images = torch.from_numpy(np.stack(parts)).permute(0, 3, 1, 2).float()
    return images.contiguous(memory_format=torch.channels_last)

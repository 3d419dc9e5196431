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

ACTIVE = 0.4
"""Share of the maximum of a class activation map from which a place belongs to the object."""


class Looker:
    """Runs the network, which is loaded on first use; keeps what it saw in the last photograph."""

    def __init__(self) -> None:
        self._network: EfficientNetLite2 | None = None
        self._last: Photo | None = None
        self._whole: Looked | None = None
        self._seen: tuple[Photo, list[Box], tuple[Tensor, Tensor]] | None = None

    def whole(self, photo: Photo) -> Looked:
        """Return what the network makes of the whole photograph, stretched to a square: B = 1."""
        if self._whole is None or self._last is not photo:
            frame = Box(0.0, 0.0, float(photo.width), float(photo.height))
            self._whole, self._last = self._look(pixels(photo, [frame])), photo
        return self._whole

    def regions(self, photo: Photo, boxes: Sequence[Box]) -> tuple[Tensor, Tensor]:
        """Return pooled features [M, 1280] and logits [M, 1000] of M boxes, M > 0.

        Each is looked at with what lies around it (`square_around`).
        """
        if self._seen is None or self._seen[0] is not photo or self._seen[1] != list(boxes):
            self._seen = (photo, list(boxes), self._regions(photo, boxes))
        return self._seen[2]

    def _regions(self, photo: Photo, boxes: Sequence[Box]) -> tuple[Tensor, Tensor]:
        squares = [square_around(box, photo.width, photo.height) for box in boxes]
        parts = [
            self._look(pixels(photo, squares[start : start + BATCH]))
            for start in range(0, len(boxes), BATCH)
        ]
        return torch.cat([one.pooled for one in parts]), torch.cat([one.logits for one in parts])

    @torch.inference_mode()
    def located(self, photo: Photo, classes: np.ndarray) -> Box:
        """Return the box of the places in the photograph that speak for the classes [1000].

        These are the places of the class activation map (Zhou et al., CVPR 2016) of at least
        `ACTIVE` times its maximum; classes: the weight of each.
        """
        grid = self.whole(photo).grid[0]
        assert self._network is not None, "`whole` has loaded it"
        weight = torch.from_numpy(classes).float() @ self._network.classifier.weight
        activation = torch.einsum("f,fyx->yx", weight, grid)
        active = activation >= ACTIVE * activation.max()
        rows, columns = (active.any(axis).nonzero()[:, 0] for axis in (1, 0))
        cell = (photo.width / grid.shape[2], photo.height / grid.shape[1])
        return Box(
            float(columns[0] * cell[0]),
            float(rows[0] * cell[1]),
            float((columns[-1] + 1) * cell[0]),
            float((rows[-1] + 1) * cell[1]),
        )

    @torch.inference_mode()
    def _look(self, images: Tensor) -> Looked:
        if self._network is None:
            self._network = load_efficientnet_lite2()
        looked: Looked = self._network(images)
        return looked


def square_around(box: Box, width: int, height: int) -> Box:
    """Return the smallest square with the middle of `box` that holds it, cut at the edges.

    A box stretched to a square distorts what it holds: the mean probability of the right kind
    was 0.17 so, and 0.22 with the square, for 240 boxes of coco_mini's train part.
    """
    x, y = box.centre
    half = max(box.width, box.height, 1.0) / 2
    left, top = min(max(x - half, 0.0), width - 1.0), min(max(y - half, 0.0), height - 1.0)
    right, bottom = max(min(x + half, width), left + 1.0), max(min(y + half, height), top + 1.0)
    return Box(left, top, right, bottom)


def pixels(photo: Photo, boxes: Sequence[Box]) -> Tensor:
    """Return boxes of a photograph, each stretched to a square: [M, 3, 260, 260] in [0, 255]."""
    parts = [
        np.asarray(photo.image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
        for box in boxes
    ]
    images = torch.from_numpy(np.stack(parts)).permute(0, 3, 1, 2).float()
    return images.contiguous(memory_format=torch.channels_last)

"""Histograms of oriented gradients as image tokens (Dalal & Triggs, CVPR 2005)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders.base import ImageEncoder
from graph_fusion.encoders.feature_maps import check_boxes, check_features, check_images, grid_boxes
from graph_fusion.encoders.tokens import Tokens, pad
from kg.errors import SightGraphError


class HOG(ImageEncoder):
    """scikit-image's `hog`; nothing to train.

    grid: one token for each block of `block` x `block` cells, as the blocks slide over the
    image cell by cell. global, region: all blocks of a window, as a detector of pedestrians
    sees it: image or box are first resized to `window` x `window` pixels.

    orientations: bins of a histogram; cell: side of a cell in pixels.

    Raises:
        SightGraphError: the window or, for a grid, an image is smaller than one block.
    """

    def __init__(
        self,
        features: str = "grid",
        orientations: int = 9,
        cell: int = 8,
        block: int = 2,
        window: int = 64,
    ) -> None:
        super().__init__()
        check_features(features)
        self.features = features
        self.orientations = orientations
        self.cell = cell
        self.block = block
        self.window = window
        self._check_holds_block(window, window, "a window")
        blocks = 1 if features == "grid" else (window // cell - block + 1) ** 2
        self.dim = blocks * orientations * block**2

    @torch.no_grad()
    def forward(self, images: Tensor, boxes: Sequence[Tensor] | None = None) -> Tokens:
        check_images(images)
        if self.features == "grid":
            return self._grid(images)
        if self.features == "region":
            places = check_boxes(boxes, images)
        else:
            places = list(grid_boxes(1, 1, *images.shape[2:]).to(images).expand(len(images), 1, 4))
        rows = [
            torch.stack([self._windowed(image, box) for box in of_image])
            if len(of_image)
            else images.new_zeros(0, self.dim)
            for image, of_image in zip(images, places, strict=True)
        ]
        return pad(rows, places)

    def config(self) -> dict[str, Any]:
        return {
            "features": self.features,
            "orientations": self.orientations,
            "cell": self.cell,
            "block": self.block,
            "window": self.window,
        }

    def _grid(self, images: Tensor) -> Tokens:
        height, width = images.shape[2:]
        self._check_holds_block(height, width, "an image")
        values = torch.stack([self._blocks(image).flatten(0, 1) for image in images])
        rows, columns = height // self.cell - self.block + 1, width // self.cell - self.block + 1
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        corners = torch.stack([x, y, x + self.block, y + self.block], -1).flatten(0, 1)
        places = (corners * self.cell).to(values).expand(len(images), -1, -1)
        mask = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
        return Tokens(values, mask, places)

    def _windowed(self, image: Tensor, box: Tensor) -> Tensor:
        left, top = box[:2].floor().int().tolist()
        right, bottom = box[2:].ceil().int().tolist()
        crop = image[None, :, top:bottom, left:right]
        side = (self.window, self.window)
        resized = F.interpolate(crop, side, mode="bilinear", align_corners=False, antialias=True)
        return self._blocks(resized[0]).flatten()

    def _blocks(self, image: Tensor) -> Tensor:
        """Return the normalised blocks of an image [3, H, W]: [rows, columns, F]."""
        from skimage.feature import hog

        found: np.ndarray = hog(
            image.permute(1, 2, 0).cpu().numpy(),
            orientations=self.orientations,
            pixels_per_cell=(self.cell, self.cell),
            cells_per_block=(self.block, self.block),
            feature_vector=False,
            channel_axis=-1,
        )
        return torch.from_numpy(found).to(image).flatten(2)

    def _check_holds_block(self, height: int, width: int, what: str) -> None:
        least = self.cell * self.block
        if min(height, width) < least:
            raise SightGraphError(
                f"{what} of {height} x {width} pixels is smaller than one block of "
                f"{self.block} x {self.block} cells of {self.cell} pixels. Give at least "
                f"{least} x {least} pixels, or a smaller cell."
            )

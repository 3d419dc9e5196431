"""Histograms of oriented gradients as image tokens (Dalal & Triggs, CVPR 2005)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders.base import ImageEncoder, Tokens, pad
from graph_fusion.encoders.cnn import check_boxes, check_features, check_images, grid_boxes
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


DESCRIPTOR = 128
SMALLEST_SIDE = 12
"""scikit-image finds no keypoints in smaller images."""
_GREY = (0.299, 0.587, 0.114)
_REACH = 6
"""A descriptor covers 6 sigma on each side of its keypoint (Lowe, sec. 6.1)."""


class SIFT(ImageEncoder):
    """scikit-image's `SIFT`; nothing to train.

    A sample's tokens are its `most` keypoints of largest scale, unit vectors of 128 features;
    an image without any, such as a plain one, has no token. `boxes` of the tokens are the
    parts of the image that the descriptors cover. Boxes that are given are not looked at.
    """

    def __init__(self, most: int = 64) -> None:
        super().__init__()
        self.most = most
        self.dim = DESCRIPTOR

    @torch.no_grad()
    def forward(self, images: Tensor, boxes: Sequence[Tensor] | None = None) -> Tokens:
        check_images(images)
        if min(images.shape[2:]) < SMALLEST_SIDE:
            raise SightGraphError(
                f"images of {images.shape[2]} x {images.shape[3]} pixels are too small for SIFT. "
                f"Give at least {SMALLEST_SIDE} x {SMALLEST_SIDE}."
            )
        grey = (images * images.new_tensor(_GREY)[:, None, None]).sum(1)
        found = [self._keypoints(one) for one in grey]
        return pad([values for values, _ in found], [places for _, places in found])

    def config(self) -> dict[str, Any]:
        return {"most": self.most}

    def _keypoints(self, grey: Tensor) -> tuple[Tensor, Tensor]:
        """Return descriptors [K, 128] and boxes [K, 4] of a grey image [H, W]."""
        from skimage import feature

        finder = feature.SIFT()
        try:
            finder.detect_and_extract(grey.cpu().double().numpy())
        except RuntimeError:  # scikit-image's way to say that there are no keypoints
            return grey.new_zeros(0, DESCRIPTOR), grey.new_zeros(0, 4)
        y, x = finder.positions.T
        order = np.lexsort((finder.orientations, x, y, -finder.sigmas))[: self.most]
        descriptors = torch.from_numpy(finder.descriptors[order]).to(grey)
        middle = np.stack([x, y], axis=1)[order]
        reach = _REACH * finder.sigmas[order, None]
        height, width = grey.shape
        corners = np.concatenate([middle - reach, middle + reach], axis=1)
        places = corners.clip(0, [width, height, width, height])
        return torch.nn.functional.normalize(descriptors, dim=1), torch.from_numpy(places).to(grey)

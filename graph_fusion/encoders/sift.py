"""Descriptors of scale-invariant keypoints as image tokens (Lowe, IJCV 2004)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from graph_fusion.encoders.base import ImageEncoder
from graph_fusion.encoders.feature_maps import check_images
from graph_fusion.encoders.tokens import Tokens, pad
from kg.errors import SightGraphError

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

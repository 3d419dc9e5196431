"""From a map of features over an image to tokens: the whole, its cells, or regions of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from graph_fusion.encoders.tokens import Tokens, pad
from kg.errors import SightGraphError, unknown_name

FEATURES = ("global", "grid", "region")
REGION_BINS = 3
"""A region is read at 3 x 3 places and their mean taken: enough for one vector."""
REGION_SAMPLES = 2
"""Samples along each side of a bin, as Detectron takes them (He et al., ICCV 2017)."""


class FeatureMap(NamedTuple):
    """Shapes:

    cells [B, D, h, w]: features of each place
    whole [B, D]: features of the image as a whole
    """

    cells: Tensor
    whole: Tensor


def check_features(features: str) -> None:
    """Refuse a kind of features that does not exist."""
    if features not in FEATURES:
        raise unknown_name("kind of image features", features, FEATURES)


def check_images(images: Tensor) -> None:
    """Refuse what is not a batch of RGB images in [0, 1].

    Raises:
        SightGraphError: the shape or the type is another, or the values are 0 to 255.
    """
    if images.dim() != 4 or images.shape[1] != 3:
        raise SightGraphError(
            f"images must be [B, 3, H, W] (RGB), not {list(images.shape)}. For a single image "
            "use image.unsqueeze(0); for one with channels last, image.permute(2, 0, 1)."
        )
    if not images.is_floating_point():
        raise SightGraphError(
            f"images must be float in [0, 1], not {images.dtype}. Use images.float() / 255."
        )
    far_outside = 2  # resampling may leave [0, 1] by a little
    if not images.is_meta and images.numel() and images.amax() > far_outside:
        raise SightGraphError(
            f"images must be in [0, 1], but a value is {images.amax():g}. Divide them by 255; "
            "the encoder applies the mean and deviation of its weights by itself."
        )


def check_boxes(boxes: Sequence[Tensor] | None, images: Tensor) -> list[Tensor]:
    """Return the boxes of a batch, cut at the edges of the images.

    Raises:
        SightGraphError: there are none, or not one [K, 4] for each image, or one has no area.
    """
    if boxes is None:
        raise SightGraphError(
            'features="region" needs the boxes of each image. Give boxes, or choose "grid".'
        )
    if len(boxes) != len(images):
        raise SightGraphError(f"{len(images)} images, but boxes of {len(boxes)}.")
    height, width = images.shape[2:]
    most = images.new_tensor([width, height, width, height])
    cut = []
    for number, box in enumerate(boxes):
        if box.dim() != 2 or box.shape[1] != 4:
            raise SightGraphError(
                f"the boxes of image {number} must be [K, 4], not {list(box.shape)}."
            )
        inside = torch.minimum(box.to(most).clamp(min=0), most)
        if not box.is_meta and not (inside[:, 2:] > inside[:, :2]).all():
            raise SightGraphError(
                f"a box of image {number} has no area within its {width} x {height} pixels. "
                "Boxes are x1, y1, x2, y2 with x1 < x2 and y1 < y2."
            )
        cut.append(inside)
    return cut


def grid_boxes(rows: int, columns: int, height: int, width: int) -> Tensor:
    """Return the boxes of the cells of a grid over an image, row by row: [rows * columns, 4]."""
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    corners = torch.stack([x, y, x + 1, y + 1], -1).flatten(0, 1).float()
    cell = torch.tensor([width / columns, height / rows])
    return corners * cell.repeat(2)


def map_tokens(
    found: FeatureMap, features: str, images: Tensor, boxes: Sequence[Tensor] | None
) -> Tokens:
    """Return the tokens of a map by the kind of features that is wanted.

    global: one token; grid: one for each place of the map, row by row; region: one for each
    box, by RoIAlign (He et al., ICCV 2017, sec. 3).
    """
    if features == "region":
        return _region_tokens(found.cells, images, check_boxes(boxes, images))
    if features == "grid":
        values = found.cells.flatten(2).transpose(1, 2)
        places = grid_boxes(*found.cells.shape[2:], *images.shape[2:]).to(values)
    else:
        values = found.whole.unsqueeze(1)
        places = grid_boxes(1, 1, *images.shape[2:]).to(values)
    mask = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
    return Tokens(values, mask, places.expand(len(values), -1, -1))


def _region_tokens(cells: Tensor, images: Tensor, boxes: list[Tensor]) -> Tokens:
    from torchvision.ops import roi_align

    height, width = images.shape[2:]
    rows, columns = cells.shape[2:]
    scale = cells.new_tensor([columns / width, rows / height]).repeat(2)
    on_map = [box.to(cells) * scale for box in boxes]
    bins = roi_align(
        cells, on_map, REGION_BINS, sampling_ratio=REGION_SAMPLES, aligned=True
    )  # [all boxes, D, 3, 3]
    return pad(bins.mean((2, 3)).split([len(box) for box in boxes]), boxes)

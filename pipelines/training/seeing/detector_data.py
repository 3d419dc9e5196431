"""Photographs with boxes for training the detector, and the views that it is trained on.

The views show what users bring: grey, dark, blurred, small, turned and JPEG-damaged photographs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torchvision.io import decode_jpeg, encode_jpeg
from torchvision.transforms.functional import gaussian_blur

from graph_fusion.encoders.detection_loss import Boxes
from pipelines.datasets.coco import Labelled, read_coco
from pipelines.datasets.splits import for_training, in_part
from pipelines.detectors import COCO_LABELS

GREY = 0.45
"""Of what a view shows beside its photograph."""
MIN_ZOOM, MAX_ZOOM, MAX_STRETCH = 0.7, 1.4, 1.25
MAX_TURN = 12.0
"""Degrees."""
MIN_LEFT, MIN_PIXELS = 0.4, 5.0
"""An object counts if this share of its box lies in the view, whose sides are so long."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A photograph's file with its boxes, as shares of its width and height."""

    file: Path
    boxes: Boxes

    @property
    def image(self) -> Tensor:
        """The photograph [3, H, W], RGB in [0, 1]."""
        with Image.open(self.file) as opened:
            rgb = np.asarray(opened.convert("RGB"))
        return torch.from_numpy(rgb.copy()).permute(2, 0, 1).float() / 255


def samples(data: Path, taught: Mapping[str, Labelled], real_repeats: int) -> list[Sample]:
    """Return the photographs of coco_mini's train part with real boxes, and those of `taught`.

    The former stand `real_repeats` times. taught: boxes of the teachers, by path in `data`.
    """
    photos = for_training(in_part(read_coco(data / "coco_mini"), "train"))
    real = [_sample(data / "coco_mini" / one.file_name, one.boxes) for one in photos]
    return real * real_repeats + [_sample(data / name, boxes) for name, boxes in taught.items()]


def _sample(file: Path, found: Labelled) -> Sample:
    with Image.open(file) as opened:
        size = torch.tensor([*opened.size] * 2)
    return Sample(
        file,
        Boxes(
            torch.tensor([box for _, _, box in found]).view(-1, 4) / size,
            torch.tensor([COCO_LABELS.index(label) for label, _, _ in found], dtype=torch.long),
            torch.tensor([score for _, score, _ in found]),
        ),
    )


def turned(sample: Sample, side: int) -> tuple[Tensor, Boxes]:
    """Return a random view [3, side, side] of a photograph, and the boxes in it.

    The photograph is stretched to a square, scaled, turned, shifted and perhaps mirrored. A turned
    box is the one around the ellipse that its box holds, which is closer to most objects than the
    box around the turned corners.
    """
    image, boxes = sample.image, sample.boxes
    stretch = _between(1 / MAX_STRETCH, MAX_STRETCH) ** 0.5
    zoom = _between(MIN_ZOOM, MAX_ZOOM)
    size = torch.tensor([zoom * stretch, zoom / stretch])
    mirror = torch.tensor([-1.0 if _chance(0.5) else 1.0, 1.0])
    angle = math.radians(_between(-MAX_TURN, MAX_TURN)) if _chance(0.5) else 0.0
    rotation = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    shift = (1 - size).abs() * (2 * torch.rand(2) - 1)  # in half sides, from the middle
    matrix = rotation * (size * mirror)  # from the photograph to the view
    small = F.interpolate(
        image[None], [max(1, round(side * float(s))) for s in size.flip(0)],
        mode="bilinear", antialias=True,
    )  # fmt: skip
    back = torch.linalg.inv(matrix)
    theta = torch.cat([back, -(back @ shift)[:, None]], 1)
    grid = F.affine_grid(theta[None], [1, 3, side, side], align_corners=False)
    view = F.grid_sample(small - GREY, grid, align_corners=False)[0] + GREY
    middle = boxes.corners[:, :2] + boxes.corners[:, 2:] - 1
    half = boxes.corners[:, 2:] - boxes.corners[:, :2]
    middle = middle @ matrix.T + shift
    half = (half.square() @ matrix.square().T).sqrt()
    corners = (torch.cat([middle - half, middle + half], 1) + 1) / 2
    inside = corners.clamp(0, 1)
    left = (inside[:, 2:] - inside[:, :2]).prod(1)
    whole = (corners[:, 2:] - corners[:, :2]).prod(1)
    long_enough = (inside[:, 2:] - inside[:, :2]).amin(1) * side >= MIN_PIXELS
    keep = (left > MIN_LEFT * whole) & long_enough
    return view.clamp(0, 1), Boxes(inside[keep], boxes.labels[keep], boxes.scores[keep])


def damaged(view: Tensor) -> Tensor:
    """Return a view [3, S, S] with each kind of damage at its own chance."""
    for chance, damage in DAMAGES:
        if _chance(chance):
            view = damage(view)
    return view.clamp(0, 1)


def coloured(view: Tensor) -> Tensor:
    """Change brightness and colour a little."""
    return (view * torch.empty(3, 1, 1).uniform_(0.8, 1.2)).clamp(0, 1)


def greyed(view: Tensor) -> Tensor:
    """Keep the luminance only (ITU-R BT.601)."""
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    return (view * weights).sum(0, keepdim=True).expand(3, -1, -1)


def darkened(view: Tensor) -> Tensor:
    """Darken, with the noise of a dark photograph."""
    dark = view ** _between(1.0, 1.8) * _between(0.25, 0.8)
    return (dark + _between(0.0, 0.04) * torch.randn_like(dark)).clamp(0, 1)


def blurred(view: Tensor) -> Tensor:
    """Blur by a Gaussian of 0.5 to 2 pixels."""
    found: Tensor = gaussian_blur(view, [9, 9], [_between(0.5, 2.0)])
    return found


def coarse(view: Tensor) -> Tensor:
    """Show what a photograph of a third to two thirds of the size would show."""
    side = view.shape[-1]
    small = F.interpolate(
        view[None], [round(side * _between(0.33, 0.67))] * 2, mode="bilinear", antialias=True
    )
    return F.interpolate(small, [side, side], mode="bilinear")[0]


def compressed(view: Tensor) -> Tensor:
    """Compress as JPEG of a quality from 10 to 60."""
    pixels = (view * 255).round().to(torch.uint8)
    found: Tensor = decode_jpeg(encode_jpeg(pixels, round(_between(10, 60))))
    return found.float() / 255


Damage = Callable[[Tensor], Tensor]
DAMAGES: tuple[tuple[float, Damage], ...] = (
    (0.5, coloured),
    (0.45, greyed),
    (0.15, darkened),
    (0.1, blurred),
    (0.1, coarse),
    (0.15, compressed),
)
"""Each with its chance."""


def _between(low: float, high: float) -> float:
    return float(torch.empty(()).uniform_(low, high))


def _chance(share: float) -> bool:
    return bool(torch.rand(()) < share)

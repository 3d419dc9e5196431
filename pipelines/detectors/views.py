"""Looking at a photograph more than once: whole, mirrored, and in four overlapping crops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.ops import box_iou, nms

from graph_fusion.encoders.detector_network import DetectorNetwork
from kg.graph import Box
from pipelines.photo import Photo

Views = Literal["whole", "mirrored", "crops"]
CROP_SHARE = 0.62
"""Side of a crop as a share of the photograph's: small objects come out 1.6 times larger."""
CROP_WEIGHT = 0.8
"""What the score of a detection in a crop is multiplied by: it lacks the whole's context."""
CUT_MARGIN = 0.02
"""A box this near to an edge of a crop that is no edge of the photograph is a cut object."""
SAME_OBJECT = 0.55
"""Boxes of one label that overlap more than this are one object."""
MOST_CANDIDATES, MOST = 1000, 100
"""Boxes that are compared, and boxes that are given, surest first."""


@dataclass(frozen=True, slots=True)
class View:
    """A part of a photograph, in its pixels, as it is or mirrored."""

    box: Box
    mirrored: bool = False


def views_of(width: int, height: int, kind: Views) -> list[View]:
    """Return the views: "whole" is one, "mirrored" two, "crops" these and four crops."""
    whole = (0.0, 0.0, float(width), float(height))
    found = [View(whole)]
    if kind != "whole":
        found.append(View(whole, mirrored=True))
    if kind == "crops":
        wide, high = CROP_SHARE * width, CROP_SHARE * height
        found += [
            View((x, y, x + wide, y + high))
            for x in (0.0, width - wide)
            for y in (0.0, height - high)
        ]
    return found


def pixels(photo: Photo, view: View, side: int) -> Tensor:
    """Return a view stretched to [3, side, side], RGB in [0, 1]."""
    part = photo.image.resize((side, side), Image.Resampling.BILINEAR, box=view.box)
    image = torch.from_numpy(np.asarray(part).copy()).permute(2, 0, 1).float() / 255
    return image.flip(2) if view.mirrored else image


@torch.inference_mode()
def detect(
    network: DetectorNetwork, photo: Photo, kind: Views, side: int, least: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return boxes [M, 4] in pixels of the photograph, scores [M] and labels [M], surest first.

    A place may be found under several labels. Boxes of one object are averaged by their
    squared scores (weighted boxes fusion; Solovyev et al., 2021).
    """
    views = views_of(photo.width, photo.height, kind)
    images = torch.stack([pixels(photo, view, side) for view in views])
    found = network(images)
    every = found.scores()
    parts = []
    for view, boxes, scores in zip(views, found.boxes, every, strict=True):
        place, label = (scores >= least).nonzero(as_tuple=True)
        parts.append(_in_photo(photo, view, boxes[place], scores[place, label], label))
    boxes, scores, labels = (torch.cat(part) for part in zip(*parts, strict=True))
    return _fused(boxes, scores, labels)


def _in_photo(
    photo: Photo, view: View, boxes: Tensor, scores: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Bring boxes in shares of a view into the photograph; leave out what a crop cut."""
    boxes = boxes.clamp(0, 1)
    if view.mirrored:
        x1, y1, x2, y2 = boxes.unbind(1)
        boxes = torch.stack([1 - x2, y1, 1 - x1, y2], 1)
    x, y, right, bottom = view.box
    placed = boxes * torch.tensor([right - x, bottom - y] * 2) + torch.tensor([x, y] * 2)
    whole = torch.tensor([0.0, 0.0, photo.width, photo.height])
    edges = torch.tensor(view.box)
    inner = (edges - whole).abs() > 1
    if not inner.any():
        return placed, scores, labels
    margin = CUT_MARGIN * torch.tensor([photo.width, photo.height] * 2)
    cut = (((placed - edges).abs() < margin) & inner).any(1)
    return placed[~cut], scores[~cut] * CROP_WEIGHT, labels[~cut]


def _fused(boxes: Tensor, scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return one box per object and label, at most `MOST`."""
    scores, order = scores.sort(descending=True, stable=True)
    boxes, labels = boxes[order[:MOST_CANDIDATES]], labels[order[:MOST_CANDIDATES]]
    scores = scores[:MOST_CANDIDATES]
    apart = boxes + (labels * (boxes.max() + 1 if len(boxes) else 0))[:, None]
    surest = nms(apart, scores, SAME_OBJECT)[:MOST]
    weight = (box_iou(apart[surest], apart) > SAME_OBJECT) * scores.square()
    return (weight @ boxes) / weight.sum(1, keepdim=True), scores[surest], labels[surest]

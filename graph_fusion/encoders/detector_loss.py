"""What the detector's network learns from boxes that carry a score."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import box_iou, generalized_box_iou_loss

from graph_fusion.encoders.detector_network import Found

BOX_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class Boxes:
    """What is to be found in one image.

    Shapes:
        corners [M, 4]: x1, y1, x2, y2 as shares of the image's side; labels [M]
        scores [M]: 1 for a person's box, below 1 what a detector gave its own
    """

    corners: Tensor
    labels: Tensor
    scores: Tensor


def detection_loss(found: Found, wanted: list[Boxes], side: int) -> Tensor:
    """Return the loss of a batch of images, B of them, on a map of `side` x `side` places.

    A box is looked for at the four places around its middle. Objectness follows a person's
    box by how well it is met (IoU) and a detector's box by its score, under the quality focal
    loss (Li et al., NeurIPS 2020, eq. 4), so that a teacher's doubt is taught too.
    """
    image, place, boxes, labels, scores = _assign(wanted, side)
    target = torch.zeros_like(found.objectness)
    total = scores.sum().clamp_min(1.0)
    located = found.boxes[image, place]
    overlap = box_iou(located.detach(), boxes).diagonal()
    target[image, place] = torch.where(scores < 1, scores, overlap)
    focal = (target - found.objectness.detach().sigmoid()).square()
    objectness = F.binary_cross_entropy_with_logits(
        found.objectness, target, focal, reduction="sum"
    )
    classes = F.cross_entropy(found.classes[image, place], labels, reduction="none")
    missed = generalized_box_iou_loss(located, boxes)
    loss: Tensor = objectness + (scores * (classes + BOX_WEIGHT * missed)).sum()
    return loss / total


def _assign(wanted: list[Boxes], side: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return image [P], place [P], box [P, 4], label [P] and score [P] of the places that count.

    Where two boxes claim a place the smaller one has it.
    """
    parts = []
    for number, one in enumerate(wanted):
        area = (one.corners[:, 2:] - one.corners[:, :2]).prod(1)
        order = area.argsort(descending=True, stable=True)
        middle = (one.corners[order, :2] + one.corners[order, 2:]) / 2 * side
        near = middle.long()[:, None] + torch.tensor([[0, 0], [1, 0], [0, 1], [1, 1]])
        inside = (near < side).all(-1)
        places = (near[..., 1] * side + near[..., 0])[inside]
        boxes = order[:, None].expand(-1, 4)[inside]
        owner = {int(place): int(box) for place, box in zip(places, boxes, strict=True)}
        kept = torch.tensor(list(owner.values()), dtype=torch.long)
        parts.append(
            (
                torch.full((len(owner),), number),
                torch.tensor(list(owner), dtype=torch.long),
                one.corners[kept],
                one.labels[kept],
                one.scores[kept],
            )
        )
    image, place, corners, labels, scores = (torch.cat(part) for part in zip(*parts, strict=True))
    return image, place, corners, labels, scores

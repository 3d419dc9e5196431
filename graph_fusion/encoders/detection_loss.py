"""The loss that PicoDet is trained with, and which cells are to find which object."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torchvision.ops import box_iou, generalized_box_iou_loss

from graph_fusion.encoders.picodet import BINS, STRIDES, Found

BOX_WEIGHT, BINS_WEIGHT = 2.0, 0.25
"""Weights of the two losses of a box, as PaddleDetection has them for PicoDet."""
NEGATIVE_WEIGHT, FOCUS = 0.75, 2.0
"""Alpha and gamma of the varifocal loss."""
CANDIDATES, IOU_POWER = 13, 6.0
"""Cells of an object at most, and beta of their alignment, as in TOOD (alpha is 1)."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """What is to be found in one image.

    Shapes:
        corners [M, 4]: x1, y1, x2, y2 as shares of the image's side; labels [M]
        scores [M]: 1 for a person's box, below 1 what detectors gave theirs
    """

    corners: Tensor
    labels: Tensor
    scores: Tensor


@dataclass(frozen=True, slots=True)
class Assigned:
    """The P cells of one image that are to find an object.

    Shapes:
        cells [P], objects [P]: indices; quality [P]: the score that each cell should give
    """

    cells: Tensor
    objects: Tensor
    quality: Tensor


def detection_loss(found: Found, targets: list[Boxes], side: int) -> Tensor:
    """Return the loss of a batch of square images.

    Varifocal loss of the classes (Zhang et al., CVPR 2021, eq. 2), generalized IoU loss of the
    boxes (Rezatofighi et al., CVPR 2019) and distribution focal loss of their sides (Li et al.,
    NeurIPS 2020, eq. 6), the last two weighted by the quality of the cell.
    """
    wanted = torch.zeros_like(found.classes)
    boxes = found.boxes
    located, distances, corners, reach, weight = [], [], [], [], []
    for image, target in enumerate(targets):
        true = target.corners * side
        scores = found.classes[image].detach().sigmoid()
        chosen = assign(scores, boxes[image].detach(), found.centres, target, true)
        cells, objects = chosen.cells, chosen.objects
        wanted[image, cells, target.labels[objects]] = chosen.quality
        located.append(boxes[image, cells])
        corners.append(true[objects])
        distances.append(found.distances[image, cells])
        middle, stride = found.centres[cells], found.strides[cells, None]
        sides = torch.cat([middle - true[objects, :2], true[objects, 2:] - middle], 1)
        reach.append(sides / stride)
        weight.append(chosen.quality)
    quality = torch.cat(weight)
    missed = generalized_box_iou_loss(torch.cat(located), torch.cat(corners))
    bins = bins_loss(torch.cat(distances), torch.cat(reach))
    loss = classes_loss(found.classes, wanted)
    loss = loss + (quality * (BOX_WEIGHT * missed + BINS_WEIGHT * bins)).sum()
    mean: Tensor = loss / quality.sum().clamp_min(1.0)
    return mean


def distillation_loss(found: Found, taught: Found) -> Tensor:
    """Return how far the output is from a teacher's at the same cells.

    Cross entropy with the teacher's scores, weighted by the larger of the two scores so that the
    background does not prevail, and its divergence of the distances, weighted by its best score
    (localization distillation; Zheng et al., CVPR 2022).
    """
    scores = taught.classes.sigmoid()
    weight = torch.maximum(scores, found.classes.detach().sigmoid())
    classes = F.binary_cross_entropy_with_logits(found.classes, scores, weight, reduction="sum")
    best = scores.amax(-1)
    log, teachers = found.distances.log_softmax(-1), taught.distances.log_softmax(-1)
    bins = F.kl_div(log, teachers, reduction="none", log_target=True).sum((-1, -2))
    return (classes + BINS_WEIGHT * (best * bins).sum()) / best.sum().clamp_min(1.0)


def classes_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Return the varifocal loss, summed: wanted scores [B, A, C] are 0 or a quality."""
    focus = NEGATIVE_WEIGHT * logits.detach().sigmoid() ** FOCUS
    weight = torch.where(wanted > 0, wanted, focus)
    return F.binary_cross_entropy_with_logits(logits, wanted, weight, reduction="sum")


def bins_loss(logits: Tensor, reach: Tensor) -> Tensor:
    """Return the distribution focal loss [P]: the two bins around each distance share the mass.

    Shapes:
        logits: [P, 4, BINS]; reach: [P, 4] in strides
    """
    reach = reach.clamp(0, BINS - 1.01)
    lower = reach.long()
    above = reach - lower
    log = logits.log_softmax(-1)
    first = log.gather(-1, lower[..., None])[..., 0]
    second = log.gather(-1, lower[..., None] + 1)[..., 0]
    return -((1 - above) * first + above * second).mean(-1)


def assign(scores: Tensor, boxes: Tensor, centres: Tensor, target: Boxes, true: Tensor) -> Assigned:
    """Return the cells that are to find the objects of an image (TOOD, Feng et al., ICCV 2021).

    A cell's alignment with an object that holds its middle is score · IoU^6. Each object has the
    13 best aligned cells, each cell the object that it overlaps most. The best cell of a
    person's box should give its IoU as score, that of detectors' boxes their own score, so that
    their doubt is taught too; the others less in proportion to their alignment.

    Shapes:
        scores [A, C] in [0, 1]; boxes [A, 4], centres [A, 2], true [M, 4]: pixels of the input
    """
    if not len(true):
        none = torch.zeros(0, dtype=torch.long)
        return Assigned(none, none, torch.zeros(0))
    iou = box_iou(boxes, true)
    alignment = scores[:, target.labels] * iou**IOU_POWER
    half = ((true[:, 2:] - true[:, :2]) / 2).clamp_min(STRIDES[0])
    offset = (centres[:, None] - (true[:, :2] + true[:, 2:]) / 2).abs()
    alignment = alignment * (offset < half).all(-1)
    best, cells = alignment.topk(min(CANDIDATES, len(alignment)), dim=0)
    chosen = torch.zeros_like(alignment).scatter(0, cells, best)
    claims = torch.where(chosen > 0, iou, torch.zeros_like(iou))
    overlap, objects = claims.max(1)
    places = (overlap > 0).nonzero()[:, 0]
    objects = objects[places]
    peak = torch.where(target.scores < 1, target.scores, claims.amax(0))
    strongest = chosen.amax(0)
    quality = chosen[places, objects] / strongest[objects] * peak[objects]
    return Assigned(places, objects, quality)

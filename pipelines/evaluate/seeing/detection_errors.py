"""Which detections of a photograph are right, and which are a second box on one object."""

from __future__ import annotations

from collections.abc import Sequence

from kg.graph import Box
from pipelines.datasets.coco import Labelled
from pipelines.detections import Detection
from pipelines.evaluate.answering.calibration import Judged

SAME_OBJECT = 0.5
"""Min intersection over union of a detection and the object that it finds, as in AP50."""
COVERED = 0.9
"""A box of the same label of which a larger share lies on an object that is already found, or that
covers such an object to a larger share, is a second box on it too."""


def judged(detections: Sequence[Detection], objects: Labelled) -> list[Judged]:
    """Return whether each detection, by falling score, is right.

    It is if it has the label of an object that it overlaps by half; each object counts once.
    """
    left = [(label, Box(*corners)) for label, _, corners in objects]
    found = []
    for one in sorted(detections, key=lambda each: -each.score):
        hits = [entry for entry in left if _named(one, entry[0]) and _iou(one, entry[1])]
        if hits:
            left.remove(max(hits, key=lambda entry: _iou(one, entry[1])))
        found.append(Judged(min(one.score, 1.0), bool(hits)))
    return found


def doubled(detections: Sequence[Detection], objects: Labelled) -> int:
    """Return how many detections are a second box on an object that a better one has found.

    Each detection, by falling score, claims the object that it overlaps most, first of its own
    label, among those that are not claimed. If there is none, but it overlaps a claimed one by
    half, or covers it or lies on it with the same label, it is a second box.
    """
    boxes = [Box(*corners) for _, _, corners in objects]
    labels = [label for label, _, _ in objects]
    claimed: set[int] = set()
    amount = 0
    for one in sorted(detections, key=lambda each: -each.score):
        hits = [number for number, box in enumerate(boxes) if _iou(one, box)]
        free = [number for number in hits if number not in claimed]
        if free:
            claimed.add(max(free, key=lambda n: (_named(one, labels[n]), _iou(one, boxes[n]))))
            continue
        same = [n for n in claimed if _named(one, labels[n]) and _covered(one, boxes[n])]
        amount += bool(hits or same)
    return amount


def _named(one: Detection, label: str) -> bool:
    """Return whether a detection has this label; data sets write it in capitals or not."""
    return one.label.casefold() == label.casefold()


def _iou(one: Detection, box: Box) -> float:
    """Return the intersection over union, or 0 if it is too small to be the same object."""
    overlap = 0.0 if one.box is None else one.box.iou(box)
    return overlap if overlap >= SAME_OBJECT else 0.0


def _covered(one: Detection, box: Box) -> bool:
    if one.box is None:
        return False
    smaller = min(one.box.area, box.area)
    return smaller > 0 and one.box.intersection(box) / smaller > COVERED

"""Measuring a detector on a folder like coco_mini, with the official scorer."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torchvision.ops import box_iou

from kg.errors import SightGraphError
from pipelines.datasets.coco import TRAIN_SPLIT, VAL_SPLIT, coco_boxes, read_annotations
from pipelines.detections import Detection
from pipelines.detectors import Detector
from pipelines.photo import Photo

SAME_OBJECT = 0.5
LEAST_SCORE = 0.02
"""Threshold for measuring: average precision wants the doubtful detections too."""


def evaluate(data: Path, detector: Detector, split: str = VAL_SPLIT) -> dict[str, float]:
    """Return AP, AP50, AP75 and AR (at most 100 detections) on the photographs of `split`.

    pycocotools' COCOeval over all categories. The detector should give its low scores too.

    Raises:
        SightGraphError: the folder is no COCO folder or has no photograph of `split`.
    """
    annotations = read_annotations(data)
    images = [image for image in annotations["images"] if image.get("split") == split]
    if not images:
        known = sorted({str(image.get("split")) for image in annotations["images"]})
        raise SightGraphError(f"'{data}' has no split '{split}'. It has: {', '.join(known)}.")
    number = {one["name"]: one["id"] for one in annotations["categories"]}
    results = []
    for image in track(images, "detecting"):
        photo = Photo.open(data / image["file_name"])
        scale = image["width"] / photo.width
        for one in detector(photo)[:100]:
            if one.box is not None and one.label in number:
                results.append(_result(image["id"], number[one.label], one, scale))
    ids = {image["id"] for image in images}
    truth = {
        "info": {},
        "images": images,
        "categories": annotations["categories"],
        "annotations": [one for one in annotations["annotations"] if one["image_id"] in ids],
    }
    return {"photographs": float(len(images))} | _official(truth, results)


def _result(image: int, category: int, one: Detection, scale: float) -> dict[str, Any]:
    assert one.box is not None
    x1, y1, x2, y2 = (scale * value for value in one.box)
    return {
        "image_id": image,
        "category_id": category,
        "bbox": [x1, y1, x2 - x1, y2 - y1],
        "score": one.score,
    }


def _official(truth: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, float]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    if not results:
        return {"AP": 0.0, "AP50": 0.0, "AP75": 0.0, "AR": 0.0}
    with contextlib.redirect_stdout(io.StringIO()):
        gold = COCO()
        gold.dataset = truth
        gold.createIndex()
        scorer = COCOeval(gold, gold.loadRes(results), "bbox")
        scorer.evaluate()
        scorer.accumulate()
        scorer.summarize()
    stats = np.asarray(scorer.stats, dtype=float)
    return {
        "AP": float(stats[0]),
        "AP50": float(stats[1]),
        "AP75": float(stats[2]),
        "AR": float(stats[8]),
    }


def best_threshold(data: Path, detector: Detector, chosen: Callable[[str], bool]) -> float:
    """Return the score above which precision and recall balance best (F1).

    On the photographs of the train part that `chosen` picks by file name; a detection is
    right if it has the label of a box that it overlaps by half (IoU), each box once.
    """
    truth = {n: boxes for n, boxes in coco_boxes(data, TRAIN_SPLIT).items() if chosen(n)}
    judged: list[tuple[float, bool]] = []
    for name, boxes in truth.items():
        left = list(boxes)
        for one in detector(Photo.open(data / name)):
            hit = next((box for box in left if _is_right(one, box)), None)
            if hit is not None:
                left.remove(hit)
            judged.append((one.score, hit is not None))
    judged.sort(reverse=True)
    hits = np.cumsum([right for _, right in judged])
    wanted = sum(map(len, truth.values()))
    f1 = 2 * hits / (np.arange(1, len(judged) + 1) + wanted)
    return round(judged[int(f1.argmax())][0], 2)


def _is_right(found: Detection, wanted: tuple[str, float, list[float]]) -> bool:
    label, _, corners = wanted
    if found.label != label or found.box is None:
        return False
    return float(box_iou(torch.tensor([found.box]), torch.tensor([corners]))) >= SAME_OBJECT

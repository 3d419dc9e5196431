"""Measuring a detector on a folder like coco_mini, with the official scorer."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from kg.errors import SightGraphError
from pipelines.detections import Detection
from pipelines.detectors import Detector
from pipelines.photo import Photo
from pipelines.tasks.coco import VAL_SPLIT, read_annotations

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

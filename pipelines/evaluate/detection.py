"""Measuring a detector on a folder like coco_mini, with the official scorer."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torchvision.ops import box_iou

from kg.errors import SightGraphError
from pipelines.datasets.coco import VAL_SPLIT, CocoPhoto, read_annotations
from pipelines.detections import Detection
from pipelines.detectors import Detector
from pipelines.detectors.bundled import BundledDetector, Views
from pipelines.evaluate.protocol import Report, Source
from pipelines.photo import Photo

SAME_OBJECT = 0.5
MIN_SCORE = 0.02
"""Threshold for measuring: average precision counts uncertain detections too."""
MAX_DETECTIONS = 100
"""On a photograph, as COCO's scorer counts them."""


@dataclass(frozen=True, slots=True)
class CocoPart:
    """The photographs of one part of a data set in COCO's format.

    folder: where `file_name` starts; images, annotations and categories: as in the file.
    """

    folder: Path
    images: list[dict[str, Any]]
    annotations: list[dict[str, Any]]
    categories: list[dict[str, Any]]

    @classmethod
    def read(cls, source: Source) -> CocoPart:
        """Read the part that --split names: by default val2017, or all if there is no val2017.

        Raises:
            SightGraphError: the folder is no COCO folder or has no photograph of the part.
        """
        folder = source.data.parent if source.data.is_file() else source.data
        content = read_annotations(folder)
        known = sorted({str(image.get("split")) for image in content["images"]})
        split = source.split or (VAL_SPLIT if VAL_SPLIT in known else None)
        images = [one for one in content["images"] if split in (None, one.get("split"))]
        if not images:
            raise SightGraphError(
                f"'{source.data}' has no split '{split}'. It has: {', '.join(known)}."
            )
        ids = {image["id"] for image in images}
        boxes = [one for one in content["annotations"] if one["image_id"] in ids]
        return cls(source.images or folder, images, boxes, content["categories"])


@dataclass(frozen=True, slots=True)
class DetectionEvaluator:
    """Average precision of a detector by pycocotools' COCOeval, over all categories.

    views: the views of each photograph that the bundled detector combines.
    """

    views: Views = "whole"

    def dataset(self, source: Source) -> CocoPart:
        return CocoPart.read(source)

    def system(self, model: Path | None = None) -> Detector:
        return BundledDetector(model, MIN_SCORE, self.views, alternatives=True)

    def __call__(self, detector: Detector, dataset: CocoPart) -> Report:
        """Return AP, AP50, AP75 and AR (at most 100 detections); a row lists the detections.

        The detector should give its low scores too.
        """
        number = {one["name"]: one["id"] for one in dataset.categories}
        objects = Counter(one["image_id"] for one in dataset.annotations)
        results, rows = [], []
        for image in track(dataset.images, "detecting"):
            photo = Photo.open(dataset.folder / image["file_name"])
            scale = image["width"] / photo.width
            found = [
                _result(image["id"], number[one.label], one, scale)
                for one in detector(photo)[:MAX_DETECTIONS]
                if one.box is not None and one.label in number
            ]
            results += found
            rows.append(
                {
                    "id": image["id"],
                    "file_name": image["file_name"],
                    "objects": objects[image["id"]],
                    "detections": [_rounded(one) for one in found],
                }
            )
        truth = {
            "info": {},
            "images": dataset.images,
            "categories": dataset.categories,
            "annotations": dataset.annotations,
        }
        figures = {"photographs": float(len(rows))} | _official(truth, results)
        return Report("AP", figures, rows)


def _rounded(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "category_id": result["category_id"],
        "bbox": [round(value, 1) for value in result["bbox"]],
        "score": round(float(result["score"]), 4),
    }


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


def best_threshold(data: Path, detector: Detector, photos: Sequence[CocoPhoto]) -> float:
    """Return the score above which precision and recall balance best (F1) on `photos`.

    A detection is right if it has the label of a box that it overlaps by half (IoU), each box
    once.
    """
    judged: list[tuple[float, bool]] = []
    for photo in photos:
        left = list(photo.boxes)
        for one in detector(Photo.open(data / photo.file_name)):
            hit = next((box for box in left if _is_right(one, box)), None)
            if hit is not None:
                left.remove(hit)
            judged.append((one.score, hit is not None))
    judged.sort(reverse=True)
    hits = np.cumsum([right for _, right in judged])
    expected = sum(len(photo.boxes) for photo in photos)
    f1 = 2 * hits / (np.arange(1, len(judged) + 1) + expected)
    return round(judged[int(f1.argmax())][0], 2)


def _is_right(found: Detection, expected: tuple[str, float, list[float]]) -> bool:
    label, _, corners = expected
    if found.label != label or found.box is None:
        return False
    return float(box_iou(torch.tensor([found.box]), torch.tensor([corners]))) >= SAME_OBJECT

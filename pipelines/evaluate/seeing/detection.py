"""Measuring a detector on a folder like coco_mini, with the official scorer."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from string import digits
from time import perf_counter
from typing import Any, TypeAlias

import numpy as np

from kg.errors import SightGraphError
from kg.schema import corners, finite
from pipelines.datasets.coco import VAL_SPLIT, Labelled, read_annotations
from pipelines.detections import Detection, without_duplicates
from pipelines.detectors import Detector
from pipelines.detectors.bundled import BundledDetector
from pipelines.evaluate.answering.calibration import Judged, calibration_error
from pipelines.evaluate.protocol import Report, Source
from pipelines.evaluate.seeing.detection_errors import doubled, judged
from pipelines.photo import Photo
from pipelines.progress import track

Find: TypeAlias = Callable[[Photo], Sequence[Detection]]

MAX_DETECTIONS = 100
"""On a photograph, as COCO's scorer counts them."""


@dataclass(frozen=True, slots=True)
class CocoPart:
    """The photographs of one part of a data set in COCO's format.

    folder: where `file_name` starts; images, annotations and categories: as in the file, with
    what COCO's scorer needs (`_completed`). left_out: number of photographs of other parts.
    """

    folder: Path
    images: list[dict[str, Any]]
    annotations: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    left_out: int = 0

    @classmethod
    def read(cls, source: Source) -> CocoPart:
        """Read the part that --split names: by default val2017, or all if there is no val2017.

        The year may be left out: "val" is val2017.

        Raises:
            SightGraphError: the folder is no COCO folder or has no photograph of the part.
        """
        folder = source.data.parent if source.data.is_file() else source.data
        content = _completed(read_annotations(source.data), source.data)
        known = sorted({str(image.get("split")) for image in content["images"]})
        split = source.split or (VAL_SPLIT if VAL_SPLIT in known else None)
        split = next((one for one in known if one.rstrip(digits) == split), split)
        images = [one for one in content["images"] if split in (None, one.get("split"))]
        if not images:
            raise SightGraphError(
                f"'{source.data}' has no split '{split}'. It has: {', '.join(known)}."
            )
        ids = {image["id"] for image in images}
        boxes = [one for one in content["annotations"] if one["image_id"] in ids]
        left_out = len(content["images"]) - len(images)
        return cls(source.images or folder, images, boxes, content["categories"], left_out)

    def only(self, file_names: Iterable[str]) -> CocoPart:
        """Return the part of these photographs."""
        names = set(file_names)
        images = [one for one in self.images if one["file_name"] in names]
        ids = {one["id"] for one in images}
        boxes = [one for one in self.annotations if one["image_id"] in ids]
        return replace(self, images=images, annotations=boxes)

    def objects(self, image: dict[str, Any], photo: Photo) -> Labelled:
        """Return the real boxes of a photograph, in its pixels, without crowds."""
        name = {one["id"]: one["name"] for one in self.categories}
        scale = photo.width / image["width"]
        return [
            (name[one["category_id"]], 1.0, [scale * side for side in (x, y, x + wide, y + high)])
            for one in self.annotations
            if one["image_id"] == image["id"] and not one.get("iscrowd")
            for x, y, wide, high in (one["bbox"],)
        ]


def _completed(content: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return the content of a COCO file with numbered annotations that all have an area.

    COCO's scorer needs both, and takes the number 0 for "matched by nothing".

    Raises:
        SightGraphError: a photograph lacks its size, or an annotation its box or a known category.
    """
    try:
        categories = {one["id"]: str(one["name"]) for one in content["categories"]}
        for image in content["images"]:
            name = str(image["file_name"])
            if min(finite(image[side], f"{side} of '{name}'") for side in ("width", "height")) <= 0:
                raise ValueError(f"'{name}' has no width or no height")
        boxes = []
        for number, one in enumerate(content["annotations"], 1):
            _, _, wide, high = corners(one["bbox"], f"bbox of annotation {number}")
            if one["category_id"] not in categories:
                raise ValueError(f"annotation {number} is of no category of the file")
            boxes.append({"area": wide * high, "iscrowd": 0} | one | {"id": number})
    except (KeyError, TypeError, ValueError) as error:
        raise SightGraphError(
            f"'{file}' cannot be measured on: {error!r}. It must be as COCO's instances files: "
            "images with id, file_name, width and height, annotations with image_id, category_id "
            "and bbox [x, y, width, height], and categories with id and name."
        ) from error
    return content | {"annotations": boxes}


@dataclass(frozen=True, slots=True)
class DetectionEvaluator:
    """Average precision of a detector, and how good the objects are that it shows."""

    def dataset(self, source: Source) -> CocoPart:
        return CocoPart.read(source)

    def system(self, model: Path | None = None) -> Detector:
        return BundledDetector(model)

    def __call__(self, detector: Detector, dataset: CocoPart) -> Report:
        """Return the figures; a row lists the ranked detections of a photograph.

        AP, AP50, AP75 and AR (at most 100 detections) are pycocotools' over all categories, and
        AP50 also on the same photographs in grey. The other figures are of the objects that are
        shown: the share of second boxes on one object, the calibration error of the scores,
        precision and recall, and the median time of a photograph.
        """
        shown, rows = Shown(), []
        colour, grey = Results(dataset), Results(dataset)
        for image in track(dataset.images, "detecting"):
            photo = Photo.open(dataset.folder / image["file_name"])
            found = colour.add(image, photo, ranked(detector, photo))
            grey.add(image, photo, ranked(detector, in_grey(photo)))
            objects = dataset.objects(image, photo)
            shown.add(detector, photo, objects)
            about = {key: image[key] for key in ("id", "file_name")}
            rows.append(
                about | {"objects": len(objects), "detections": [_rounded(one) for one in found]}
            )
        in_colour, without = colour.precision(), grey.precision()
        figures = {
            "photographs": float(len(rows)),
            "left out": float(dataset.left_out),
            **in_colour,
            "grey AP": without["AP"],
            "grey AP50": without["AP50"],
            **shown.figures(),
        }
        return Report("AP", figures, rows)


@dataclass(frozen=True, slots=True)
class Results:
    """Detections in the photographs of `part`, as COCO's scorer reads them."""

    part: CocoPart
    found: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self, image: dict[str, Any], photo: Photo, detections: Sequence[Detection]
    ) -> list[dict[str, Any]]:
        """Add those of a photograph, and return them in the scorer's form."""
        number = {one["name"].casefold(): one["id"] for one in self.part.categories}
        scale = image["width"] / photo.width
        added = [
            _result(image["id"], number[one.label.casefold()], one, scale)
            for one in detections[:MAX_DETECTIONS]
            if one.box is not None and one.label.casefold() in number
        ]
        self.found.extend(added)
        return added

    def precision(self) -> dict[str, float]:
        """Return AP, AP50, AP75 and AR by pycocotools, over all categories."""
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        if not self.found:
            return {"AP": 0.0, "AP50": 0.0, "AP75": 0.0, "AR": 0.0}
        with contextlib.redirect_stdout(io.StringIO()):
            gold = COCO()
            gold.dataset = {
                "info": {},
                "images": self.part.images,
                "categories": self.part.categories,
                "annotations": self.part.annotations,
            }
            gold.createIndex()
            scorer = COCOeval(gold, gold.loadRes(self.found), "bbox")
            scorer.evaluate()
            scorer.accumulate()
            scorer.summarize()
        places = {"AP": 0, "AP50": 1, "AP75": 2, "AR": 8}
        return {name: float(scorer.stats[place]) for name, place in places.items()}


@dataclass(slots=True)
class Shown:
    """The objects that a detector shows of the photographs so far.

    judged: whether each is right; doubled: number of second boxes; objects: number of real ones.
    seconds: of each photograph.
    """

    judged: list[Judged] = field(default_factory=list)
    doubled: int = 0
    objects: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, detector: Detector, photo: Photo, objects: Labelled) -> None:
        """Detect the objects of one more photograph."""
        start = perf_counter()
        found = without_duplicates(detector(photo))
        self.seconds.append(perf_counter() - start)
        self.judged += judged(found, objects)
        self.doubled += doubled(found, objects)
        self.objects += len(objects)

    def figures(self) -> dict[str, float]:
        """Return the figures by name; shares are 0 where nothing was shown."""
        shown, right = len(self.judged), sum(one.right for one in self.judged)
        return {
            "doubled share": self.doubled / max(shown, 1),
            "calibration error": calibration_error(self.judged) if shown else 0.0,
            "mean score": sum(one.confidence for one in self.judged) / max(shown, 1),
            "precision": right / max(shown, 1),
            "recall": right / max(self.objects, 1),
            "milliseconds": 1000 * median(self.seconds),
        }


def ranked(detector: Detector, photo: Photo) -> list[Detection]:
    """Return the detections for average precision, which counts unsure ones too."""
    if isinstance(detector, BundledDetector):
        return detector.ranked(photo)
    return detector(photo)


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


def average_precision(part: CocoPart, find: Find) -> dict[str, float]:
    """Return AP, AP50, AP75 and AR of what `find` detects in the photographs of `part`."""
    results = Results(part)
    for image in part.images:
        photo = Photo.open(part.folder / image["file_name"])
        results.add(image, photo, find(photo))
    return results.precision()


def in_grey(photo: Photo) -> Photo:
    """Return the photograph without its colours."""
    return replace(photo, image=photo.image.convert("L").convert("RGB"))


def best_threshold(shown: Sequence[Judged], objects: int) -> float:
    """Return the score above which precision and recall balance best (F1).

    objects: number of real objects.
    """
    ordered = sorted(shown, key=lambda one: -one.confidence)
    hits = np.cumsum([one.right for one in ordered])
    f1 = 2 * hits / (np.arange(1, len(ordered) + 1) + objects)
    return round(ordered[int(f1.argmax())].confidence, 2)

"""Folders in COCO's format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, coco_part

TRAIN_SPLIT, VAL_SPLIT = "train2017", "val2017"

Labelled = list[tuple[str, float, list[float]]]
"""(label, score, [x1, y1, x2, y2] in pixels of the photograph)."""


@dataclass(frozen=True, slots=True)
class CocoPhoto:
    """A photograph of a folder in COCO's format.

    file_name: its path in the folder; split: the official one; boxes: people's, with score 1.
    """

    file_name: str
    width: int
    height: int
    split: str
    part: Part
    boxes: Labelled
    captions: list[str]


def read_coco(folder: Path) -> list[CocoPhoto]:
    """Read the photographs of `folder`, in the order of annotations.json, without crowds.

    Raises:
        SightGraphError: the annotations or the captions are missing or of another format.
    """
    annotations = read_annotations(folder)
    file = folder / "captions.json"
    try:
        label = {one["id"]: one["name"] for one in annotations["categories"]}
        photos = {one["id"]: _photo(one) for one in annotations["images"]}
        for one in annotations["annotations"]:
            if not one.get("iscrowd"):
                x, y, width, height = one["bbox"]
                corners = [x, y, x + width, y + height]
                photos[one["image_id"]].boxes.append((label[one["category_id"]], 1.0, corners))
        if file.is_file():
            for one in json.loads(file.read_text(encoding="utf-8"))["annotations"]:
                photos[one["image_id"]].captions.append(one["caption"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{folder}' cannot be read as a COCO folder: {error!r}. Give a folder like coco_mini."
        ) from error
    return list(photos.values())


def _photo(one: dict[str, Any]) -> CocoPhoto:
    split = str(one.get("split"))
    part = coco_part(one["file_name"], split)
    return CocoPhoto(one["file_name"], one["width"], one["height"], split, part, [], [])


def read_annotations(data: Path) -> dict[str, Any]:
    """Return the content of a file, or of a folder's annotations.json, for COCO's own scorer.

    Raises:
        SightGraphError: it is missing, or is no COCO file.
    """
    file = data if data.is_file() else data / "annotations.json"
    try:
        annotations: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if not {"images", "annotations", "categories"} <= set(annotations):
            raise ValueError("it lacks 'images', 'annotations' or 'categories'")
    except (OSError, ValueError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as COCO annotations: {error}. Give a folder like coco_mini."
        ) from error
    return annotations

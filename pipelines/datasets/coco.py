"""COCO's 80 classes, and folders in COCO's format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.graph import PhotoInfo

TRAIN_SPLIT, VAL_SPLIT = "train2017", "val2017"

_UNUSED_IDS = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
"""Numbers from 1 to 90 that COCO gave no class."""

COCO_LABELS = (
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
)
"""The 80 class names, in the order of their numbers."""
COCO_IDS = tuple(i for i in range(1, 91) if i not in _UNUSED_IDS)
"""The number of each class, in the same order."""


def read_annotations(folder: Path) -> dict[str, Any]:
    """Read `folder`/annotations.json.

    Raises:
        SightGraphError: it is missing, or is no COCO file.
    """
    file = folder / "annotations.json"
    try:
        annotations: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if not {"images", "annotations", "categories"} <= set(annotations):
            raise ValueError("it lacks 'images', 'annotations' or 'categories'")
    except (OSError, ValueError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as COCO annotations: {error}. Give a folder like coco_mini."
        ) from error
    return annotations


def coco_boxes(folder: Path, split: str) -> dict[str, list[tuple[str, float, list[float]]]]:
    """Return (label, 1.0, [x1, y1, x2, y2]) of each photograph of one split, by file name."""
    annotations = read_annotations(folder)
    label = {one["id"]: one["name"] for one in annotations["categories"]}
    files = {one["id"]: one["file_name"] for one in annotations["images"] if one["split"] == split}
    boxes: dict[str, list[tuple[str, float, list[float]]]] = {name: [] for name in files.values()}
    for one in annotations["annotations"]:
        if one["image_id"] in files and not one.get("iscrowd"):
            x, y, width, height = one["bbox"]
            corners = [x, y, x + width, y + height]
            boxes[files[one["image_id"]]].append((label[one["category_id"]], 1.0, corners))
    return boxes


def photo_sizes(folder: Path) -> dict[str, PhotoInfo]:
    """Return name, width and height of each photograph, by file name."""
    return {
        one["file_name"]: PhotoInfo(one["file_name"], one["width"], one["height"])
        for one in read_annotations(folder)["images"]
    }

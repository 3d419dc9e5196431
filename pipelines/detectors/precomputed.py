"""Detections that somebody else has made, read from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors import COCO_LABEL_OF_ID
from pipelines.photo import Photo


class PrecomputedDetector:
    """Reads COCO results ([{"bbox": [x, y, width, height], "category_id", "score"}, ...]),
    or labels without boxes: a JSON list of strings, {"labels": [...]}, or a text file with
    one label a line.

    Entries may name their photograph ("file_name", or "image_id" as the number in the file's
    name); when any does, those of other photographs are left out.

    Raises:
        SightGraphError: the file is missing or broken; says which entry.
    """

    name = "precomputed"
    deduplicates = True

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.entries = _read(self.path)

    def __call__(self, photo: Photo) -> list[Detection]:
        found = [
            self._detection(number, entry)
            for number, entry in enumerate(self.entries)
            if _is_of(entry, photo)
        ]
        return sorted(found, key=lambda one: -one.score)

    def _detection(self, number: int, entry: Any) -> Detection:
        if isinstance(entry, str):
            return Detection(entry.strip().lower(), 1.0, self.name)
        try:
            label = _label(entry)
            score = float(entry.get("score", 1.0))
            if "bbox" not in entry:
                return Detection(label, score, self.name)
            x, y, width, height = map(float, entry["bbox"])
            if width <= 0 or height <= 0 or not 0 <= score <= 1:
                raise ValueError(f"box {entry['bbox']} or score {score} is out of range")
            return Detection(label, score, self.name, Box(x, y, x + width, y + height))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SightGraphError(
                f"{self.path}, entry {number}: {error}. An entry needs category_id (or category) "
                "and may have bbox [x, y, width, height] and score."
            ) from error


def _read(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SightGraphError(f"the detections '{path}' cannot be read: {error}.") from error
    if path.suffix == ".txt":
        return [line for line in text.splitlines() if line.strip()]
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise SightGraphError(f"{path}, line {error.lineno}: {error.msg}.") from error
    if isinstance(content, dict):
        content = content.get("labels")
    if not isinstance(content, list):
        raise SightGraphError(
            f"'{path}' holds neither a list of COCO results nor a list of labels."
        )
    return content


def _label(entry: dict[str, Any]) -> str:
    for key in ("label", "category", "category_name"):
        if isinstance(entry.get(key), str):
            return str(entry[key]).strip().lower()
    number = entry["category_id"]
    if number not in COCO_LABEL_OF_ID:
        raise ValueError(f"COCO has no category {number}")
    return COCO_LABEL_OF_ID[number]


def _is_of(entry: Any, photo: Photo) -> bool:
    if not isinstance(entry, dict):
        return True
    if "file_name" in entry:
        return Path(str(entry["file_name"])).name == Path(photo.source).name
    if "image_id" in entry:
        digits = "".join(c for c in Path(photo.source).stem if c.isdigit())
        return not digits or int(digits) == int(entry["image_id"])
    return True

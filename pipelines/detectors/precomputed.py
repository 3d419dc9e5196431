"""Detections that somebody else has made, read from a file."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from kg.errors import SightGraphError, SightGraphWarning
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors import COCO_LABELS
from pipelines.detectors.annotations import GivenObject, read_objects
from pipelines.photo import Photo

MAX_NAMED = 5
"""Class names that a warning lists."""


class DetectionsWarning(SightGraphWarning):
    """A file of detections is used in part, or its class numbers are taken to be COCO's."""


class PrecomputedDetector:
    """Reads objects from a file of one of `annotations.FORMATS`.

    Entries may name their photograph (by file name, or by the number in the file's name); when
    any does, those of other photographs are left out. A box that is partly outside the
    photograph is clipped, with a `DetectionsWarning`.

    labels: a file of class names, one a line, if `path` has class numbers that are not COCO's.

    Raises:
        SightGraphError: the file is missing or broken, or a box lies outside the photograph;
            says which entry.
    """

    name = "precomputed"
    deduplicates = True

    def __init__(self, path: str | Path, labels: str | Path | None = None) -> None:
        self.path = Path(path)
        self.objects = read_objects(self.path, None if labels is None else Path(labels))
        self._warn_of_numbers()

    def __call__(self, photo: Photo) -> list[Detection]:
        clipped: list[int] = []
        found = [
            self._detection(number, one, photo, clipped)
            for number, one in enumerate(self.objects)
            if _is_of(one, photo)
        ]
        if clipped:
            warnings.warn(
                f"{self.path}: {len(clipped)} boxes reach beyond the photograph and were clipped; "
                f"the first is entry {clipped[0]}.",
                DetectionsWarning,
                stacklevel=2,
            )
        return sorted(found, key=lambda one: -one.score)

    def _detection(
        self, number: int, one: GivenObject, photo: Photo, clipped: list[int]
    ) -> Detection:
        if one.box is None:
            return Detection(one.label, one.score, self.name)
        scale = (photo.width, photo.height) if one.relative else (1, 1)
        x1, y1, x2, y2 = (value * scale[at % 2] for at, value in enumerate(one.box))
        inside = Box(max(x1, 0), max(y1, 0), min(x2, photo.width), min(y2, photo.height))
        if inside.width <= 0 or inside.height <= 0:
            raise SightGraphError(
                f"{self.path}, entry {number}: the box [{x1:g}, {y1:g}, {x2:g}, {y2:g}] lies "
                f"outside the photograph of {photo.width} x {photo.height} pixels. Boxes are in "
                "pixels of the photograph."
            )
        if inside != (x1, y1, x2, y2):
            clipped.append(number)
        return Detection(one.label, one.score, self.name, inside)

    def _warn_of_numbers(self) -> None:
        """Say which names were used, unless the class numbers can only be COCO's."""
        names = sorted({one.label for one in self.objects if one.number is not None})
        largest = max((one.number or 0 for one in self.objects), default=0)
        if names and largest <= len(COCO_LABELS):
            more = ", ..." if len(names) > MAX_NAMED else ""
            warnings.warn(
                f"{self.path}: the class numbers are read as COCO's: "
                f"{', '.join(names[:MAX_NAMED])}{more}. If they are others, give their names with "
                "--labels FILE.",
                DetectionsWarning,
                stacklevel=3,
            )


def _is_of(one: GivenObject, photo: Photo) -> bool:
    if one.file_name is not None:
        return Path(one.file_name).name == Path(photo.source).name
    if one.image_id is not None:
        return _number(Path(photo.source).stem) in (None, _number(one.image_id))
    return True


def _number(text: str) -> int | None:
    """Return the number that the digits of `text` spell, if they are few enough to be one."""
    digits: Sequence[str] = re.findall(r"[0-9]", text)
    return int("".join(digits)) if 0 < len(digits) <= 100 else None

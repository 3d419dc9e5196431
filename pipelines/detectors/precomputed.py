"""Detections that somebody else has made, read from a file."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SightGraphError, SightGraphWarning
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors.annotations import read_objects
from pipelines.detectors.given import GivenObject
from pipelines.photo import Photo

MAX_NAMED = 5
"""Class names that a warning lists."""


class DetectionsWarning(SightGraphWarning):
    """A file of detections is used in part, or its class numbers are taken to be COCO's."""


@dataclass(frozen=True, slots=True)
class Statements:
    """What a file says of objects, which go by their places.

    attributes: words of each object. relations: subject, predicate and object.
    """

    attributes: tuple[tuple[str, ...], ...] = ()
    relations: tuple[tuple[int, str, int], ...] = ()


class PrecomputedDetector:
    """Reads objects from a file of one of `annotations.FORMATS`.

    Entries may name their photograph, by file name or by number. Those of other photographs are
    left out; the only number of a file is that of any photograph whose own name is no number.
    A box that is partly outside the photograph is clipped, with a `DetectionsWarning`.

    labels: the names of the classes, if `path` has their numbers: a file, "coco" or "coco80".
    file_format: one of `annotations.FORMATS`; by default it is recognised.

    Raises:
        SightGraphError: the file is missing or broken, or a box lies outside the photograph;
            says which entry.
    """

    name = "precomputed"
    deduplicates = True

    def __init__(
        self, path: str | Path, labels: str | Path | None = None, file_format: str | None = None
    ) -> None:
        self.path = Path(path)
        self.objects = read_objects(
            self.path, None if labels is None else Path(labels), file_format
        )
        self._warn_of_numbers()

    def __call__(self, photo: Photo) -> list[Detection]:
        clipped: list[int] = []
        found = [self._detection(number, photo, clipped) for number in self._places(photo)]
        if clipped:
            warnings.warn(
                f"{self.path}: {len(clipped)} boxes reach beyond the photograph and were clipped; "
                f"the first is entry {clipped[0]}.",
                DetectionsWarning,
                stacklevel=2,
            )
        if self.objects and not found:
            warnings.warn(
                f"{self.path}: none of its {len(self.objects)} objects is of '{photo.source}'.",
                DetectionsWarning,
                stacklevel=2,
            )
        return sorted(found, key=lambda one: -one.score)

    def statements(self, photo: Photo, objects: Sequence[Detection]) -> Statements:
        """Return the attributes and relations that the file states of `objects`.

        objects: of this detector, in any order; their labels may have been replaced.
        """
        attributes: list[tuple[str, ...]] = [() for _ in objects]
        place_of: dict[str, int] = {}
        given = [(self.objects[number], number) for number in self._places(photo)]
        for one, number in given:
            place = _place(self._detection(number, photo, []), objects)
            if place is not None:
                attributes[place] = tuple(dict.fromkeys((*attributes[place], *one.attributes)))
                if one.key is not None:
                    place_of[one.key] = place
        relations = {
            (place_of[one.key], predicate, place_of[other])
            for one, _ in given
            for predicate, other in one.relations
            if one.key in place_of and other in place_of
        }
        return Statements(tuple(attributes), tuple(sorted(relations)))

    def _places(self, photo: Photo) -> list[int]:
        """Return the places of the objects of `photo`.

        Raises:
            SightGraphError: the file numbers several photographs, and `photo` has no number.
        """
        numbers = {one.image_id for one in self.objects if one.image_id is not None}
        own = _number(Path(photo.source).stem)
        if len(numbers) > 1 and own is None and all(one.file_name is None for one in self.objects):
            raise SightGraphError(
                f"'{self.path}' has objects of {len(numbers)} photographs by their numbers, and "
                f"'{photo.source}' has no number in its name. Rename it to one of them, or give "
                "a file with its objects alone."
            )
        is_only = len(numbers) == 1 and not Path(photo.source).stem.isdecimal()
        return [
            place
            for place, one in enumerate(self.objects)
            if _is_of(one, photo, None if is_only else own)
        ]

    def _detection(self, number: int, photo: Photo, clipped: list[int]) -> Detection:
        one = self.objects[number]
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
        """Say which names were used where the class numbers were taken for COCO's."""
        names = sorted({one.label for one in self.objects if one.number is not None})
        if names:
            more = ", ..." if len(names) > MAX_NAMED else ""
            warnings.warn(
                f"{self.path}: the class numbers are read as COCO's: "
                f"{', '.join(names[:MAX_NAMED])}{more}. If they are others, give their names with "
                "--labels FILE.",
                DetectionsWarning,
                stacklevel=3,
            )


def _is_of(one: GivenObject, photo: Photo, number: int | None) -> bool:
    """Whether an object is of `photo`; number: the photograph's, None if all numbers fit."""
    if one.file_name is not None:
        return Path(one.file_name).name == Path(photo.source).name
    return one.image_id is None or number in (None, _number(one.image_id))


def _place(one: Detection, objects: Sequence[Detection]) -> int | None:
    """Return which of `objects` has the box of `one`, and its label if several have."""
    same = [place for place, other in enumerate(objects) if other.box == one.box]
    labelled = (place for place in same if objects[place].label == one.label)
    return next(labelled, same[0] if same and one.box is not None else None)


def _number(text: str) -> int | None:
    """Return the number that the digits of `text` spell, if they are few enough to be one."""
    digits: Sequence[str] = re.findall(r"[0-9]", text)
    return int("".join(digits)) if 0 < len(digits) <= 100 else None

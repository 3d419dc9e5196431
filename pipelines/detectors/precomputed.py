"""Detections that somebody else has made, read from a file."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from kg.errors import SightGraphError, SightGraphWarning
from kg.graph import Box
from pipelines.detections import Detection
from pipelines.detectors.annotations import read_objects
from pipelines.photo import Photo

MAX_NAMED = 5
"""Class names that a warning lists."""
ROUNDING = 0.5
"""Pixels by which a box may reach beyond the photograph without a word: shares are rounded."""


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

    Entries may name their photograph: by its file name, whose folders count where several
    photographs are called the same; or by an id, which is its name or the number at the end of it.
    Those of other photographs are left out; the only number of a file is that of any photograph
    whose own name is no number. A box that is partly outside the photograph is clipped, with a
    `DetectionsWarning`.

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
            SightGraphError: the file numbers several photographs, and `photo` has no number; or
                it names several that may be `photo`.
        """
        named = {one.file_name for one in self.objects if one.file_name is not None}
        ids = {
            one.image_id
            for one in self.objects
            if one.file_name is None and one.image_id is not None
        }
        own_names, own_ids = self._own_names(named, photo), self._own_ids(ids, photo)
        if not named and own_ids is None:
            raise SightGraphError(
                f"'{self.path}' has objects of {len(ids)} photographs by their numbers, and "
                f"'{photo.source}' has no number in its name. Rename it to one of them, or give "
                "a file with its objects alone."
            )
        return [
            place
            for place, one in enumerate(self.objects)
            if (
                one.file_name in own_names
                if one.file_name is not None
                else one.image_id is None or one.image_id in (own_ids or ())
            )
        ]

    def _own_names(self, names: set[str], photo: Photo) -> set[str]:
        """Return which file names of the file are that of `photo`."""
        own = _parts(str(Path(photo.source).absolute()))
        called = (name for name in names if name.endswith(own[-1]))
        shared = {name: _shared_end(_parts(name), own) for name in called}
        most = max(shared.values(), default=0)
        nearest = {name for name, count in shared.items() if count == most > 0}
        if len({_parts(name) for name in nearest}) > 1:
            raise SightGraphError(
                f"'{self.path}' has objects of several photographs that may be '{photo.source}': "
                f"{', '.join(sorted(nearest)[:MAX_NAMED])}. Give it with its folder."
            )
        return nearest

    def _own_ids(self, ids: set[str], photo: Photo) -> set[str] | None:
        """Return which ids are that of `photo`; None if only a number could tell it."""
        path = Path(photo.source)
        if ids & {path.stem, path.name}:
            return ids & {path.stem, path.name}
        numbers = {one for one in ids if one.isdecimal()}
        if len(ids) == len(numbers) == 1 and not path.stem.isdecimal():
            return ids
        number = re.search("[0-9]*$", path.stem)
        assert number is not None
        if not number[0]:
            return None if numbers else set()
        return {one for one in numbers if one.lstrip("0") == number[0].lstrip("0")}

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
        if max(abs(a - b) for a, b in zip(inside, (x1, y1, x2, y2), strict=True)) > ROUNDING:
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


def _parts(name: str) -> tuple[str, ...]:
    """Return the folders and the name of a file, as Windows or another system writes them."""
    return tuple(one for one in name.replace("\\", "/").split("/") if one not in ("", ".", ".."))


def _shared_end(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many last parts two paths share."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _place(one: Detection, objects: Sequence[Detection]) -> int | None:
    """Return which of `objects` has the box of `one`, and its label if several have."""
    same = [place for place, other in enumerate(objects) if other.box == one.box]
    labelled = (place for place in same if objects[place].label == one.label)
    return next(labelled, same[0] if same and one.box is not None else None)

"""Photographs whose objects and relations are given, read from a file of one's own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from kg.graph import Box


@dataclass(frozen=True, slots=True)
class RelatedPhoto:
    """A photograph's objects and the relations that people stated between them.

    width, height and boxes in pixels; relations: (subject index, predicate, object index).
    """

    id: str
    width: float
    height: float
    labels: tuple[str, ...]
    boxes: tuple[Box, ...]
    relations: tuple[tuple[int, str, int], ...]
    split: str = ""


def read_relations(file: Path) -> tuple[list[RelatedPhoto], list[str]]:
    """Read photographs with objects and relations, and the predicates to choose from.

    Raises:
        SightGraphError: the file cannot be read, or an image of it is wrong, or a predicate is
            listed twice.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        images, predicates = content["images"], [str(one) for one in content["predicates"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as relations: {error!r}. It needs "
            '{"images": [...], "predicates": [...]}.'
        ) from error
    if twice := next((one for one in predicates if predicates.count(one) > 1), None):
        raise SightGraphError(f"'{file}' lists the predicate '{twice}' twice. List each once.")
    return [_photo(file, one, set(predicates)) for one in images], predicates


def _photo(file: Path, one: dict[str, Any], predicates: set[str]) -> RelatedPhoto:
    name = one.get("id", "?") if isinstance(one, dict) else "?"
    try:
        objects = one["objects"]
        relations = tuple((int(s), str(p), int(o)) for s, p, o in one["relations"])
        photo = RelatedPhoto(
            str(name),
            float(one["width"]),
            float(one["height"]),
            tuple(str(each["label"]) for each in objects),
            tuple(_box(each["box"]) for each in objects),
            relations,
            str(one.get("split") or ""),
        )
        for subject, predicate, target in relations:
            if not (0 <= subject < len(objects) and 0 <= target < len(objects)):
                raise ValueError(f"a relation points to object {max(subject, target)}")
            if predicate not in predicates:
                raise ValueError(f"'{predicate}' is not among the file's predicates")
        if min(photo.width, photo.height) <= 0:
            raise ValueError("width and height must be above 0")
    except (KeyError, TypeError, ValueError) as error:
        raise SightGraphError(f"'{file}', image {name}: {error}. Correct this image.") from error
    return photo


def _box(values: Sequence[float]) -> Box:
    x1, y1, x2, y2 = (float(value) for value in values)
    if not (x1 <= x2 and y1 <= y2):
        raise ValueError(f"the box {list(values)} is not [x1, y1, x2, y2]")
    return Box(x1, y1, x2, y2)


def as_json(photos: Sequence[RelatedPhoto], predicates: Sequence[str]) -> dict[str, Any]:
    """Return the content of a file that `read_relations` reads."""
    stated = {predicate for photo in photos for _, predicate, _ in photo.relations}
    return {
        "images": [
            {
                "id": photo.id,
                "width": photo.width,
                "height": photo.height,
                "objects": [
                    {"label": label, "box": list(box)}
                    for label, box in zip(photo.labels, photo.boxes, strict=True)
                ],
                "relations": [list(relation) for relation in photo.relations],
            }
            for photo in photos
        ],
        "predicates": sorted(stated | set(predicates)),
    }

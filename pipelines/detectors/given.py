"""An object that a file gives, checked: what every reader of `annotation_formats` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kg import schema
from pipelines.detectors import COCO_LABEL_OF_ID


@dataclass(frozen=True, slots=True)
class GivenObject:
    """An object that a file names.

    label: lower case. score: in [0, 1]; 1 where the file has none.
    box: x1, y1, x2, y2 in pixels, or None. relative: the box is in shares of the photograph.
    file_name, image_id: the photograph, if the file says which; the name is "" where the file
        lists its photographs, and not this one.
    number: the class number that was looked up among COCO's, for want of other names.
    attributes: words that describe it, lower case.
    key: the object's id in its photograph. relations: what it has to others, each a word and
        the other's key.
    """

    label: str
    score: float = 1.0
    box: tuple[float, float, float, float] | None = None
    relative: bool = False
    file_name: str | None = None
    image_id: str | None = None
    number: int | None = None
    attributes: tuple[str, ...] = ()
    key: str | None = None
    relations: tuple[tuple[str, str], ...] = ()


Names = Mapping[int, str] | None
"""Class names by number, where the user or the file gives them."""


def made(label: Any, score: Any, box: Sequence[Any] | None, **more: Any) -> GivenObject:
    """Return a checked object; `box` is x1, y1, x2, y2; the rest are fields.

    Raises:
        ValueError: a value cannot be used; says which.
    """
    name = word(label, "the label")
    sure = 1.0 if score in (None, "") else schema.share(score, "score")
    if box is None:
        return GivenObject(name, sure, **more)
    x1, y1, x2, y2 = schema.corners(list(box), "the box")
    if x2 <= x1 or y2 <= y1:
        raise ValueError(f"the box [{x1:g}, {y1:g}, {x2:g}, {y2:g}] is out of range: it is empty")
    return GivenObject(name, sure, (x1, y1, x2, y2), **more)


def word(value: Any, field: str) -> str:
    """Return a name in lower case.

    Raises:
        ValueError: it is no text, or empty.
    """
    return " ".join(schema.text(value, field, empty=False).lower().split())


def words(values: Any, field: str) -> tuple[str, ...]:
    """Return names in lower case, each once; none if `values` is None.

    Raises:
        ValueError: it is no list of texts, or one is empty.
    """
    return tuple(dict.fromkeys(word(one, field) for one in schema.texts(values, field)))


def from_side(x: Any, y: Any, width: Any, height: Any) -> tuple[float, float, float, float]:
    """Return the corners of a box from its upper left corner and its size."""
    values = (x, y, width, height)
    left, top, wide, high = (schema.finite(one, "bbox", schema.MAX_COORDINATE) for one in values)
    return left, top, left + wide, top + high


def from_middle(x: Any, y: Any, width: Any, height: Any) -> tuple[float, float, float, float]:
    """Return the corners of a box from its middle and its size."""
    left, top, right, bottom = from_side(x, y, width, height)
    half_wide, half_high = (right - left) / 2, (bottom - top) / 2
    return left - half_wide, top - half_high, right - half_wide, bottom - half_high


def class_name(number: Any, names: Names) -> tuple[str, int | None]:
    """Return the name of a class number, and the number if it was taken for one of COCO's.

    Raises:
        ValueError: there is no such class.
    """
    key = schema.whole(number, "the class number")
    known = COCO_LABEL_OF_ID if names is None else names
    if key not in known:
        owner = "COCO has" if names is None else "the given names have"
        raise ValueError(f"{owner} no category {key}. Give the names of the classes with --labels")
    return known[key], key if names is None else None

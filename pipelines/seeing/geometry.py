"""Size, position and number: what the boxes alone say of an object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from kg.graph import Box
from pipelines.detections import Detection
from pipelines.seeing.seen import HAS_COUNT, HAS_POSITION, HAS_SIZE, SeenAttribute

ORIGIN = "geometry"
LARGE_SHARE, SMALL_SHARE = 0.2, 0.02
"""Shares of the photograph's area above and below which an object is large or small."""
UNLIKE_ITS_KIND = 2.0
"""How many times the usual size of its kind in the photograph makes a large one."""
EDGE = 0.36
"""An object is on the left if its middle lies in this share of the width; others alike."""


def measured(
    objects: Sequence[Detection], width: int, height: int
) -> list[tuple[SeenAttribute, ...]]:
    """Return the size, position and count words of each object.

    width, height: of the photograph, in pixels. Objects without a box have a count only.
    """
    counts = Counter(one.label for one in objects)
    sizes: dict[str, list[float]] = {}
    for one in objects:
        if one.box is not None:
            sizes.setdefault(one.label, []).append(_area(one.box) / (width * height))
    found = []
    for one in objects:
        words: list[tuple[str, str]] = []
        if one.box is not None:
            if size := size_word(_area(one.box) / (width * height), sizes[one.label]):
                words.append((HAS_SIZE, size))
            words += [(HAS_POSITION, word) for word in position_words(one.box, width, height)]
        if counts[one.label] > 1:
            words.append((HAS_COUNT, str(counts[one.label])))
        found.append(tuple(SeenAttribute(name, word, 1.0, ORIGIN) for name, word in words))
    return found


def size_word(share: float, of_its_kind: Sequence[float]) -> str | None:
    """Return "large", "small" or None; shares are of the photograph's area."""
    usual = median(of_its_kind)
    if len(of_its_kind) > 1 and share >= UNLIKE_ITS_KIND * usual:
        return "large"
    if len(of_its_kind) > 1 and share <= usual / UNLIKE_ITS_KIND:
        return "small"
    if share >= LARGE_SHARE:
        return "large"
    return "small" if share <= SMALL_SHARE else None


def position_words(box: Box, width: int, height: int) -> tuple[str, ...]:
    """Return where the box's middle lies: left or right, top or bottom, else middle."""
    x, y = (box[0] + box[2]) / 2 / width, (box[1] + box[3]) / 2 / height
    across = "left" if x < EDGE else "right" if x > 1 - EDGE else ""
    down = "top" if y < EDGE else "bottom" if y > 1 - EDGE else ""
    return tuple(word for word in (across, down) if word) or ("middle",)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])

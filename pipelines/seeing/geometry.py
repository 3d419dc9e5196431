"""Size, position, number and spatial relations of objects, from their boxes alone.

The thresholds of this module were chosen by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from kg.graph import Box
from kg.vocabulary import SPATIAL_INVERSES
from pipelines.detections import (
    HAS_COUNT,
    HAS_POSITION,
    HAS_SIZE,
    Detection,
    PerceivedAttribute,
    Support,
)

ORIGIN = "geometry"
LARGE_SHARE, SMALL_SHARE = 0.2, 0.02
"""Shares of the photograph's area above and below which an object is large or small."""
CLASS_RATIO = 2.0
"""Min ratio to the median size of the class in the photograph for a large object."""
EDGE = 0.36
"""An object is on the left if its centre lies in this share of the width; others alike."""


def measured(
    objects: Sequence[Detection], width: int, height: int
) -> list[tuple[PerceivedAttribute, ...]]:
    """Return the size, position and count words of each object.

    width, height: of the photograph, in pixels. Objects without a box have a count only.
    """
    counts = Counter(one.label for one in objects)
    sizes: dict[str, list[float]] = {}
    for one in objects:
        if one.box is not None:
            sizes.setdefault(one.label, []).append(one.box.area / (width * height))
    found = []
    for one in objects:
        words: list[tuple[str, str]] = []
        if one.box is not None:
            if size := size_word(one.box.area / (width * height), sizes[one.label]):
                words.append((HAS_SIZE, size))
            words += [(HAS_POSITION, word) for word in position_words(one.box, width, height)]
        if counts[one.label] > 1:
            words.append((HAS_COUNT, str(counts[one.label])))
        found.append(tuple(PerceivedAttribute(name, word, 1.0, ORIGIN) for name, word in words))
    return found


def size_word(share: float, of_class: Sequence[float]) -> str | None:
    """Return "large", "small" or None; shares are of the photograph's area."""
    usual = median(of_class)
    if len(of_class) > 1 and share >= CLASS_RATIO * usual:
        return "large"
    if len(of_class) > 1 and share <= usual / CLASS_RATIO:
        return "small"
    if share >= LARGE_SHARE:
        return "large"
    return "small" if share <= SMALL_SHARE else None


def position_words(box: Box, width: int, height: int) -> tuple[str, ...]:
    """Return where the box's middle lies: left or right, top or bottom, else middle."""
    x, y = box.centre[0] / width, box.centre[1] / height
    across = "left" if x < EDGE else "right" if x > 1 - EDGE else ""
    down = "top" if y < EDGE else "bottom" if y > 1 - EDGE else ""
    return tuple(word for word in (across, down) if word) or ("middle",)


MIN_CONTAINED = 0.85
"""Share of a box that must lie inside another for "in"."""
MAX_CONTAINED_SIZE = 0.5
"""An object "in" another is at most this share of its area."""
MIN_OVERLAP_X = 0.4
"""Share of the narrower box's width that must lie over the other for "on", "above", "below"."""
NEAR_GAP = 0.15
"""Largest gap between two "near" boxes, as a share of the photograph's diagonal."""
LARGER_RATIO = 2.0
"""How many times the area counts as "larger than"."""


def relations(a: Box, b: Box, width: int, height: int) -> dict[str, float]:
    """Return the relations of `a` to `b` with scores in (0, 1].

    Boxes are in pixels of a photograph of `width` x `height`. The relation that holds the
    other way round is `kg.vocabulary.SPATIAL_INVERSES`' and has the same score.
    """
    found: dict[str, float] = {}
    diagonal = (width**2 + height**2) ** 0.5
    gap = a.gap(b) / diagonal
    if gap <= NEAR_GAP:
        found["near"] = round(1.0 - gap / NEAR_GAP / 2, 4)
    found.update(_horizontal(a, b, width))
    found.update(_vertical(a, b, height))
    ratio = _positive_area(a) / max(_positive_area(b), 1.0)
    if ratio >= LARGER_RATIO:
        found["larger than"] = round(min(1.0, ratio / (2 * LARGER_RATIO)), 4)
    elif ratio <= 1 / LARGER_RATIO:
        found["smaller than"] = round(min(1.0, 1 / max(ratio, 1e-6) / (2 * LARGER_RATIO)), 4)
    return {name: score for name, score in found.items() if name in SPATIAL_INVERSES}


MIN_SUPPORT = 0.15
"""Min score of "in", "on" and their inverses after `supported`: chosen by hand."""


def supported(found: Mapping[str, float], forward: Support, backward: Support) -> dict[str, float]:
    """Return the `relations` of a pair with "in", "on" and inverses scored by the names, too.

    A box inside another is in it or on it: a banana is in a bowl, a cup on a table. What is
    improbable is left out. forward, backward: of the first object to the second, and back.
    """
    chances = {
        "in": forward.inside,
        "on": forward.on,
        "around": backward.inside,
        "under": backward.on,
    }
    scores = dict(found)
    for inside, on in (("in", "on"), ("around", "under")):
        if inside in found:
            scores[on] = max(found[inside], found.get(on, 0.0))
    scored = {name: round(score * chances.get(name, 1.0), 4) for name, score in scores.items()}
    return {
        name: score for name, score in scored.items() if name not in chances or score >= MIN_SUPPORT
    }


def _horizontal(a: Box, b: Box, width: int) -> dict[str, float]:
    """Return left or right, by the centres; the score is higher the less the boxes overlap."""
    shift = b.centre[0] - a.centre[0]
    apart = max(a.x1, b.x1) >= min(a.x2, b.x2)
    if abs(shift) < 0.05 * width and not apart:
        return {}
    score = 1.0 if apart else min(1.0, 0.3 + abs(shift) / width)
    return {"left of" if shift > 0 else "right of": round(score, 4)}


def _vertical(a: Box, b: Box, height: int) -> dict[str, float]:
    """Return in, on or above and their inverses, by the overlap of the boxes."""
    shared = a.intersection(b)
    inside_a, inside_b = shared / _positive_area(a), shared / _positive_area(b)
    if inside_a >= MIN_CONTAINED and _positive_area(a) <= MAX_CONTAINED_SIZE * _positive_area(b):
        return {"in": round(inside_a, 4)} | _on(a, b)
    if inside_b >= MIN_CONTAINED and _positive_area(b) <= MAX_CONTAINED_SIZE * _positive_area(a):
        return {"around": round(inside_b, 4)} | {
            SPATIAL_INVERSES[k]: v for k, v in _on(b, a).items()
        }
    found = _on(a, b) or {SPATIAL_INVERSES[k]: v for k, v in _on(b, a).items()}
    if _overlap_x(a, b) >= MIN_OVERLAP_X:
        shift = (b.centre[1] - a.centre[1]) / height
        if abs(shift) >= 0.05:
            found["above" if shift > 0 else "below"] = round(min(1.0, 0.4 + abs(shift)), 4)
    return found


def _on(a: Box, b: Box) -> dict[str, float]:
    """Return "on" if the lower edge of `a` lies within b's height and its centre is higher."""
    foot_within = b.y1 - 0.1 * a.height <= a.y2 <= b.y2
    higher = a.centre[1] < b.centre[1] and a.y1 < b.y1 + 0.5 * b.height
    if foot_within and higher and _overlap_x(a, b) >= MIN_OVERLAP_X:
        return {"on": round(0.5 + 0.5 * min(1.0, _overlap_x(a, b)), 4)}
    return {}


def _positive_area(box: Box) -> float:
    return max(box.width, 1e-6) * max(box.height, 1e-6)


def _overlap_x(a: Box, b: Box) -> float:
    shared = min(a.x2, b.x2) - max(a.x1, b.x1)
    return max(shared, 0.0) / max(min(a.width, b.width), 1e-6)

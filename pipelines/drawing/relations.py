"""Relations of a text as places: which a predicate means, when it holds, what makes it hold.

What makes a relation hold is a list of linear inequalities on the boxes. They are stricter than
what a photograph must show (`pipelines.seeing.geometry`), so that whoever looks at the picture
reads the same relation from its boxes. Where there are several ways, the usual one comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import yaml  # type: ignore[import-untyped]

from kg.files import bundled
from kg.graph import Box
from pipelines.reading.triples import canonical
from pipelines.seeing.geometry import MIN_OVERLAP_X
from pipelines.seeing.geometry import relations as geometric

Row = tuple[np.ndarray, float]
"""Coefficients on all sides of all boxes, and the bound that their sum may not exceed."""
Way = list[Row]
SHIFT = 0.08
"""Distance of two centres that is read as left, above and so on: a share of the picture's side."""
DEPTH = 0.03
"""How much higher the lower edge of what is behind lies, as a share of the height."""
NARROWER = 0.45
"""Share of the width of one of two boxes that lies over the other."""
INSIDE = 0.68
"""Largest side of what is inside, as a share of that around it: less than half of the area."""
RATIO = 1.5
"""Ratio of both sides of what is larger than something."""
NEAR = 0.09
"""Largest gap between near boxes, across and down, as a share of the diagonal."""
COVERED = 0.85
"""Share of what is behind that may be covered."""
ROOF, FLOOR = 0.2, 0.1
"""Shares of a shelter's height: at its top, which what is beneath it stays below, and at its foot,
where what is beneath it stands. A picture must show half of the one, at most twice the other."""
SHELTERED = 0.8
"""Share of the width of what is beneath something that lies within the width of its shelter."""
PHOTO_RELATIONS = (
    "left of", "right of", "above", "below", "on", "under", "in", "around", "near",
    "behind", "in front of", "touching",
)  # fmt: skip
"""Places that the boxes of a photograph show; "larger than" and its like are said of few things."""
OWN = ("behind", "in front of", "touching", "sheltering", "beneath")
"""Places that are no relations of a photograph's graph. A dog beneath a table does not carry it, as
a plate under a cake does, of which "under" is said there."""
INVERSES = {
    "right of": "left of",
    "below": "above",
    "under": "on",
    "around": "in",
    "in front of": "behind",
    "beneath": "sheltering",
    "smaller than": "larger than",
}
"""Places that are another one with both things exchanged."""
PLACES = tuple(dict.fromkeys((*INVERSES.values(), *INVERSES, "near", "touching")))


@dataclass(frozen=True, slots=True)
class Sides:
    """The sides of one of n boxes: coefficients on (centre x, centre y, width, height) of all."""

    number: int
    count: int

    def _row(self, x: float, y: float, width: float, height: float) -> np.ndarray:
        row = np.zeros(4 * self.count)
        row[4 * self.number : 4 * self.number + 4] = (x, y, width, height)
        return row

    @property
    def x(self) -> np.ndarray:
        """The middle between left and right."""
        return self._row(1, 0, 0, 0)

    @property
    def y(self) -> np.ndarray:
        """The middle between top and bottom."""
        return self._row(0, 1, 0, 0)

    @property
    def width(self) -> np.ndarray:
        """From left to right."""
        return self._row(0, 0, 1, 0)

    @property
    def height(self) -> np.ndarray:
        """From top to bottom."""
        return self._row(0, 0, 0, 1)

    @property
    def left(self) -> np.ndarray:
        """x1."""
        return self._row(1, 0, -0.5, 0)

    @property
    def right(self) -> np.ndarray:
        """x2."""
        return self._row(1, 0, 0.5, 0)

    @property
    def top(self) -> np.ndarray:
        """y1."""
        return self._row(0, 1, 0, -0.5)

    @property
    def bottom(self) -> np.ndarray:
        """y2."""
        return self._row(0, 1, 0, 0.5)


def before(smaller: np.ndarray, larger: np.ndarray, gap: float = 0.0) -> Row:
    """Return the inequality smaller + gap <= larger."""
    return smaller - larger, -gap


def left_of(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Apart; or, where they must overlap, with its middle further left."""
    shift = before(a.x, b.x, SHIFT * aspect)
    return [[shift, before(a.right, b.left, 0.005)], [shift, before(a.x, b.left)], [shift]]


def above(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Wholly higher, one over the other."""
    apart = [before(a.bottom, b.top, 0.005), before(a.y, b.y, SHIFT)]
    return [[*apart, *over] for over in _over(a, b)]


def on(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Its lower edge lies within the height of what it is on, which stands out below."""
    higher = [
        before(b.top, a.bottom, 0.01),
        before(a.bottom, b.bottom - 0.2 * b.height),
        before(a.y, b.y, 0.02),
        before(a.top, b.top + 0.35 * b.height),
    ]
    return [[*higher, *over] for over in _over(a, b)]


def inside(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Within it, with less than half of its area."""
    return [
        [
            before(b.left, a.left),
            before(a.right, b.right),
            before(b.top, a.top),
            before(a.bottom, b.bottom),
            before(a.width, INSIDE * b.width),
            before(a.height, INSIDE * b.height),
        ]
    ]


def near(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """With a small gap, or none."""
    gap = NEAR * (1 + aspect**2) ** 0.5
    return [
        [
            before(a.left, b.right, -gap),
            before(b.left, a.right, -gap),
            before(a.top, b.bottom, -gap),
            before(b.top, a.bottom, -gap),
        ]
    ]


def touching(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Boxes that overlap, as of a man and what he holds."""
    least = 0.01
    return [
        [
            before(a.left, b.right, least),
            before(b.left, a.right, least),
            before(a.top, b.bottom, least),
            before(b.top, a.bottom, least),
        ]
    ]


def behind(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Farther away: it ends higher, and what is in front covers a part of it."""
    meet = [
        before(a.bottom, b.bottom, DEPTH),
        before(b.top, a.bottom, 0.02),
        before(a.left, b.right, 0.02),
        before(b.left, a.right, 0.02),
    ]
    open_above = before(a.top, b.top - 0.2 * a.height, 0.0)
    open_left = before(a.left, b.left - 0.3 * a.width, 0.0)
    open_right = before(b.right + 0.3 * a.width, a.right, 0.0)
    return [[*meet, one] for one in (open_above, open_left, open_right)]


def sheltering(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Over it: what is beneath is within it and stands at its foot; or, if not, is wholly lower."""
    within = [
        before(a.left, b.left),
        before(b.right, a.right),
        before(a.top + ROOF * a.height, b.top),
        before(a.bottom - FLOOR * a.height, b.bottom),
        before(b.bottom, a.bottom),
    ]
    return [within, *above(a, b, aspect)]


def larger(a: Sides, b: Sides, aspect: float) -> list[Way]:
    """At least twice the area."""
    return [[before(RATIO * b.width, a.width), before(RATIO * b.height, a.height)]]


def _over(a: Sides, b: Sides) -> list[Way]:
    """Return two ways in which one lies over the other: by the width of either."""
    return [
        [
            before(a.left + NARROWER * one.width, b.right),
            before(b.left + NARROWER * one.width, a.right),
            before(NARROWER * one.width, other.width),
        ]
        for one, other in ((a, b), (b, a))
    ]


WAYS: Mapping[str, Callable[[Sides, Sides, float], list[Way]]] = {
    "left of": left_of,
    "above": above,
    "on": on,
    "in": inside,
    "near": near,
    "touching": touching,
    "behind": behind,
    "sheltering": sheltering,
    "larger than": larger,
}


def ways_of(place: str, a: Sides, b: Sides, aspect: float) -> list[Way]:
    """Return the ways in which `place` holds of `a` and `b`, the usual one first.

    aspect: width by height of the picture; all sides are in units of its height.
    """
    if place in INVERSES:
        return WAYS[INVERSES[place]](b, a, aspect)
    return WAYS[place](a, b, aspect)


def holds(place: str, a: Box, b: Box, width: int, height: int) -> bool:
    """Return whether the boxes show that `place` holds of `a` and `b`; all are in pixels."""
    if place in OWN[:2]:
        far, close = (a, b) if place == "behind" else (b, a)
        seen = far.intersection(close) <= COVERED * far.area
        return far.intersection(close) > 0 and far.y2 < close.y2 and seen
    if place == "touching":
        return a.intersection(b) > 0
    if place in ("above", "below"):
        return _is_above(a, b) if place == "above" else _is_above(b, a)
    if place in ("sheltering", "beneath"):
        return _shelters(a, b) if place == "sheltering" else _shelters(b, a)
    return place in geometric(a, b, width, height)


def _is_above(a: Box, b: Box) -> bool:
    """Whether one is higher than the other, over it, and neither reaches to the other's middle."""
    shared = min(a.x2, b.x2) - max(a.x1, b.x1)
    over = shared >= MIN_OVERLAP_X * min(a.width, b.width)
    return over and a.centre[1] < b.y1 and a.y2 < b.centre[1]


def _shelters(a: Box, b: Box) -> bool:
    """Whether `b` is under the roof of `a`: within its width, and not as high; or wholly lower."""
    shared = min(a.x2, b.x2) - max(a.x1, b.x1)
    roofed = shared >= SHELTERED * b.width and b.y1 >= a.y1 + ROOF / 2 * a.height
    stands = a.centre[1] < b.centre[1] and b.y2 <= a.y2 + FLOOR * 2 * a.height
    return (roofed and stands) or _is_above(a, b)


def photo_relations(a: Box, b: Box, aspect: float, side: int = 1000) -> list[str]:
    """Return all places of `a` to `b` that a photograph shows; boxes are shares of it."""
    width = round(aspect * side)
    first, second = (
        Box(one.x1 * width, one.y1 * side, one.x2 * width, one.y2 * side) for one in (a, b)
    )
    by_sides = geometric(first, second, width, side)
    return [
        one
        for one in PHOTO_RELATIONS
        if one in by_sides or (one in OWN and holds(one, first, second, width, side))
    ]


def place_of(predicate: str, of_ground: bool = False) -> str:
    """Return the place that a predicate means; of a ground, what is "in" it or "along" it is on it.

    >>> place_of("sit on"), place_of("at the left of"), place_of("riding"), place_of("with")
    ('on', 'left of', 'on', 'near')
    >>> place_of("play in", of_ground=True)
    'on'
    """
    words = predicate.lower().split()
    lists = vocabulary()
    if of_ground and words and words[-1] in lists["on_ground"]:
        return "on"
    for start in range(len(words)):
        ending = " ".join(words[start:])
        for place, known in lists["endings"].items():
            if ending in known:
                return str(place)
    verb = canonical(predicate).text
    return next((str(place) for place, verbs in lists["verbs"].items() if verb in verbs), "near")


def worn_on(name: str) -> str | None:
    """Return where a thing is worn, None for what is not worn.

    >>> worn_on("red hat"), worn_on("ball")
    ('head', None)
    """
    for part, names in vocabulary()["worn_on"].items():
        if name in names or name.split()[-1] in names:
            return str(part)
    return None


@cache
def vocabulary() -> dict[str, Any]:
    """Return the content of data/drawing/relations.yaml."""
    text = bundled("drawing", "relations.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def background_of(name: str) -> str | None:
    """Return which part of the picture a thing fills, None for most things.

    >>> background_of("grass"), background_of("dog")
    ('ground', None)
    """
    for kind, names in vocabulary()["background_of"].items():
        if name in names:
            return str(kind)
    return None

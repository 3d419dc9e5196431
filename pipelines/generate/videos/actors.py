"""Things of a video that is not drawn yet, with their ways, and the script that they make up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kg.graph import Box, Interval

WIDTH, HEIGHT, RATE = 448, 320, 10
"""Pixels of a frame, and frames a second."""
PEOPLE, ANIMALS, SEATS = ("person",), ("dog",), ("chair", "couch")
PORTABLE = ("handbag", "suitcase", "backpack", "teddy bear", "sports ball", "umbrella")
SIZES = {
    "person": (54, 140),
    "dog": (78, 60),
    "chair": (70, 84),
    "couch": (150, 84),
    "handbag": (40, 38),
    "suitcase": (46, 56),
    "backpack": (44, 50),
    "teddy bear": (44, 52),
    "sports ball": (36, 36),
    "umbrella": (52, 44),
}
"""Usual width and height of each thing, in pixels."""
SEATED = 0.66
"""Height of somebody who sits, as a share of the usual one."""
LIFTING = 0.5
"""Seconds in which a thing is lifted or put down."""


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event of the script; who, what: labels."""

    name: str
    who: str
    what: str | None
    interval: Interval


@dataclass
class Actor:
    """A thing of the script, with its way.

    way: (seconds, x of the middle, y of the foot) in pixels, rising; between them it moves evenly.
    seated: seconds at which it sits down, if it does.
    """

    label: str
    width: float
    height: float
    way: list[tuple[float, float, float]] = field(default_factory=list)
    seated: float | None = None

    def box(self, seconds: float) -> Box:
        """Return where it is, whether in the frame or not."""
        times, xs, ys = zip(*self.way, strict=True)
        x, y = np.interp(seconds, times, xs), np.interp(seconds, times, ys)
        height = self.height
        if self.seated is not None:
            share = np.clip((seconds - self.seated) / LIFTING + 0.5, 0, 1)
            height *= 1 - (1 - SEATED) * share
        return Box(x - self.width / 2, y - height, x + self.width / 2, y)


@dataclass
class Script:
    """A video that is not drawn yet: things, pillars in front of them, and what happens.

    seconds: its length. actors: those behind first. pillars: boxes that hide what is behind them.
    """

    seconds: float
    actors: list[Actor]
    events: list[KnownEvent]
    pillars: list[Box] = field(default_factory=list)
    name: str = ""


def times_of(made: Script) -> np.ndarray:
    """Return the seconds of the frames, [T], `RATE` a second."""
    return np.arange(int(made.seconds * RATE)) / RATE

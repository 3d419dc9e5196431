"""Measures of tracks over time: where, how fast, how near, how alike two motions are.

A measure is [T] values on the times at which frames were looked at, NaN where a thing is not seen.
Lengths are in sizes of the first thing, the geometric mean of the sides of its box.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipelines.video.tracking import Track

NEAR = 0.25
"""Seconds on either side between which a speed is measured."""
AHEAD = 0.4
"""Seconds for which a thing that is not detected near the frame's side may have gone on."""
USUAL_HEIGHT = 90
"""Percentile of a thing's heights with which its height is compared."""
STILL = 1e-3
"""Sizes a second; a slower motion has no direction."""


@dataclass(frozen=True)
class Path:
    """The smoothed way of a track while it is followed, on a grid of times. Shapes (T times):

    first: place of the first of these times on the whole grid. times [T]: seconds.
    boxes [T, 4]: pixels. velocity [T, 2]: of the middle, pixels a second. seen [T]: bool.
    height: the usual one, in pixels. frame: width and height in pixels.
    """

    first: int
    times: np.ndarray
    boxes: np.ndarray
    velocity: np.ndarray
    seen: np.ndarray
    height: float
    frame: tuple[int, int]

    @classmethod
    def of(cls, track: Track, grid: np.ndarray, frame: tuple[int, int], smoothing: float) -> Path:
        """Return the way of a track: straight between detections, then smoothed.

        smoothing: seconds.
        """
        first, last = int(track.frames[0]), int(track.frames[-1])
        times = grid[first : last + 1]
        step = float(np.median(np.diff(times))) if len(times) > 1 else 1.0
        boxes = np.stack([np.interp(times, track.times, side) for side in track.boxes.T], axis=1)
        boxes = smoothed(boxes, 2 * round(smoothing / step / 2) + 1)
        seen = np.zeros(len(times), dtype=bool)
        for one in track.intervals:
            seen |= (times >= one.start - 1e-3) & (times <= one.end + 1e-3)
        height = float(np.percentile(boxes[:, 3] - boxes[:, 1], USUAL_HEIGHT))
        velocity = _velocity(boxes, times, max(1, round(NEAR / step)))
        return cls(first, times, boxes, velocity, seen, height, frame)

    @property
    def last(self) -> int:
        """The place of the last of its times on the whole grid."""
        return self.first + len(self.times) - 1

    @property
    def middle(self) -> np.ndarray:
        """[T, 2]."""
        found: np.ndarray = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        return found

    @property
    def size(self) -> np.ndarray:
        """The geometric mean of the sides, [T]."""
        sides = np.maximum(self.boxes[:, 2:] - self.boxes[:, :2], 1e-6)
        found: np.ndarray = np.sqrt(sides.prod(axis=1))
        return found

    def cut(self, first: int, last: int) -> Path:
        """Return the part between two places of the grid, both included."""
        part = slice(first - self.first, last - self.first + 1)
        names = ("times", "boxes", "velocity", "seen")
        arrays = {name: getattr(self, name)[part] for name in names}
        return replace(self, first=first, **arrays)


def _velocity(boxes: np.ndarray, times: np.ndarray, reach: int) -> np.ndarray:
    """Return the velocity of the middle across, and of the slower of both sides up and down.

    Who sits down becomes lower but does not move: the two sides must go the same way.
    """
    places = np.arange(len(times))
    before, after = np.maximum(places - reach, 0), np.minimum(places + reach, len(times) - 1)
    took = np.maximum(times[after] - times[before], 1e-6)
    x1, top, x2, bottom = ((boxes[after] - boxes[before]) / took[:, None]).T
    slower = np.where(np.abs(top) < np.abs(bottom), top, bottom)
    return np.stack([(x1 + x2) / 2, np.where(top * bottom > 0, slower, 0.0)], axis=1)


def smoothed(values: np.ndarray, width: int) -> np.ndarray:
    """Return the running mean of the running median, [T, C] -> [T, C]; the ends are repeated."""
    width = min(width, 2 * (len(values) // 2) - 1)
    if width < 3:
        return values
    for reduce in (np.median, np.mean):
        padded = np.pad(values, ((width // 2, width // 2), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)
        values = reduce(windows, axis=-1)
    return values


def seen(who: Path) -> np.ndarray:
    """1 where it is in the picture."""
    return who.seen.astype(np.float64)


def edge(who: Path) -> np.ndarray:
    """From the nearest side of the frame, in sizes, now or `AHEAD` seconds ago or from now."""
    (width, height), (vx, vy) = who.frame, AHEAD * np.abs(who.velocity.T)
    x1, y1, x2, y2 = who.boxes.T
    sides = [x1 - vx, y1 - vy, width - x2 - vx, height - y2 - vy]
    found: np.ndarray = np.minimum.reduce(sides) / who.size
    return found


def speed(who: Path) -> np.ndarray:
    """Sizes a second."""
    found: np.ndarray = _length(who.velocity) / who.size
    return found


def stature(who: Path) -> np.ndarray:
    """The height, as a share of its usual height."""
    found: np.ndarray = (who.boxes[:, 3] - who.boxes[:, 1]) / max(who.height, 1e-6)
    return found


def gap(who: Path, what: Path) -> np.ndarray:
    """Between the nearest points of the boxes, in sizes of who; negative where they overlap."""
    across = np.maximum(what.boxes[:, 0] - who.boxes[:, 2], who.boxes[:, 0] - what.boxes[:, 2])
    down = np.maximum(what.boxes[:, 1] - who.boxes[:, 3], who.boxes[:, 1] - what.boxes[:, 3])
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    found: np.ndarray = np.where(outside > 0, outside, np.maximum(across, down)) / who.size
    return found


def overlap(who: Path, what: Path) -> np.ndarray:
    """The share of the smaller box that lies in the other."""
    low = np.maximum(who.boxes[:, :2], what.boxes[:, :2])
    high = np.minimum(who.boxes[:, 2:], what.boxes[:, 2:])
    shared = np.maximum(high - low, 0).prod(axis=1)
    found: np.ndarray = shared / np.minimum(who.size, what.size) ** 2
    return found


def speed_of_what(who: Path, what: Path) -> np.ndarray:
    """Sizes of who a second."""
    found: np.ndarray = _length(what.velocity) / who.size
    return found


def relative_speed(who: Path, what: Path) -> np.ndarray:
    """How fast the one moves as seen from the other, in sizes of who a second."""
    found: np.ndarray = _length(who.velocity - what.velocity) / who.size
    return found


def closing(who: Path, what: Path) -> np.ndarray:
    """The part of the velocity of who that leads to what, in sizes a second."""
    way = what.middle - who.middle
    found: np.ndarray = (who.velocity * way).sum(axis=1) / np.maximum(_length(way), 1e-6) / who.size
    return found


def same_way(who: Path, what: Path) -> np.ndarray:
    """The cosine between the velocities; 0 where one is still."""
    return _cosine(who.velocity, what.velocity, STILL * who.size)


def behind(who: Path, what: Path) -> np.ndarray:
    """The cosine between the velocity of who and the direction to what."""
    return _cosine(who.velocity, what.middle - who.middle, STILL * who.size)


OF_ONE: Mapping[str, Callable[[Path], np.ndarray]] = {
    "seen": seen,
    "edge": edge,
    "speed": speed,
    "stature": stature,
}
OF_PAIR: Mapping[str, Callable[[Path, Path], np.ndarray]] = {
    "gap": gap,
    "overlap": overlap,
    "speed of what": speed_of_what,
    "relative speed": relative_speed,
    "closing": closing,
    "same way": same_way,
    "behind": behind,
}
"""Measures of two things; those of one thing are of who."""


def measured(name: str, who: Path, what: Path | None = None) -> np.ndarray:
    """Return a measure [T]; NaN where who, or what, is not seen."""
    if name in OF_ONE:
        values, known = OF_ONE[name](who), who.seen
    else:
        assert what is not None, f"'{name}' is a measure of two things"
        values, known = OF_PAIR[name](who, what), who.seen & what.seen
    return values if name == "seen" else np.where(known, values, np.nan)


def _length(vectors: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.hypot(vectors[:, 0], vectors[:, 1])
    return found


def _cosine(one: np.ndarray, other: np.ndarray, least: np.ndarray) -> np.ndarray:
    lengths = _length(one) * _length(other)
    moving = (_length(one) > least) & (_length(other) > least)
    found: np.ndarray = (one * other).sum(axis=1) / np.where(moving, lengths, 1.0)
    return np.where(moving, found, 0.0)


__all__ = ["OF_ONE", "OF_PAIR", "Path", "measured", "smoothed"]

"""Detections of one frame after another, linked to tracks: which boxes are the same thing."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from norfair import Detection as Point
from norfair import Tracker as Norfair
from norfair.distances import Distance
from norfair.filter import OptimizedKalmanFilterFactory

from kg.graph import Box, Interval
from kg.registry import Registry
from pipelines.detections import Detection

MAX_DISTANCE = 1.0
"""Between a detection and where its track is expected, in sizes of the object; as all numbers of
this module, chosen on the development seeds of `benchmarks/video_events.py`."""
OTHER_LABEL = 0.4
"""Added to that distance where the labels differ: detectors waver between cat and dog."""
REMEMBERED = 1.5
"""Seconds for which a track is looked for where nothing is detected."""
CONFIRMED = 2
"""A track counts after one detection more than this."""
MIN_SECONDS = 0.4
"""Of a track; shorter ones are noise."""
SURE_SHARE = 2 / 3
"""Of the best score in the video, which some detection of a track has; other tracks are blots in
the background. A share, since detectors differ in how sure they are. Chosen on rendered pixels."""
MAX_GAP, MAX_JUMP, MAX_GROWTH = 3.0, 1.5, 2.0
"""Two tracks of one label are one thing that was hidden, if the second begins within so many
seconds, so many sizes away, and at most so many times larger or smaller."""
AT_EDGE = 0.1
"""Of its size from the frame's side: a thing that close has left, and is not hidden."""
COVERED = 0.5
"""Share of a thing that stands still, behind another one, where it stays though it is not seen."""
RESTING, SHIFT = 0.5, 0.15
"""Seconds in which such a thing moved at most that many sizes."""
BREAK = 1.0
"""Seconds without a detection, after which a thing is not in the picture."""


@dataclass(frozen=True)
class Track:
    """One thing, through the frames in which it was detected.

    label: of most of its detections. frames [T]: places among the frames that were looked at,
    rising. times [T]: seconds. boxes [T, 4]: pixels. scores [T]: the detector's; 0 where it is
    hidden, and is where it was.
    """

    label: str
    frames: np.ndarray
    times: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray

    @property
    def score(self) -> float:
        """The mean score of its detections."""
        seen = self.scores[self.scores > 0]  # frames in which it is hidden have 0
        return round(float(seen.mean()), 4) if len(seen) else 0.0

    @property
    def best(self) -> int:
        """The place of the detection that shows most: the surest of the larger ones."""
        sides = np.sqrt(_areas(self.boxes))
        return int(np.argmax(self.scores * sides / max(float(sides.max()), 1e-9)))

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """When it is in the picture; gaps that are shorter than `BREAK` are bridged."""
        breaks = np.flatnonzero(np.diff(self.times) > BREAK) + 1
        parts = np.split(self.times, breaks)
        return tuple(Interval(round(float(one[0]), 3), round(float(one[-1]), 3)) for one in parts)

    def box_at(self, seconds: float) -> Box | None:
        """Return where it is, between detections in a straight line; None where it is not seen."""
        if not any(one.start - 1e-3 <= seconds <= one.end + 1e-3 for one in self.intervals):
            return None
        sides = (np.interp(seconds, self.times, side) for side in self.boxes.T)
        return Box(*(round(float(side), 2) for side in sides))


class Tracker(Protocol):
    """Takes the detections of each frame in turn, and gives the tracks at the end."""

    def add(self, seconds: float, detections: Sequence[Detection]) -> None: ...

    def tracks(self, width: int, height: int) -> list[Track]: ...


TRACKERS: Registry[Tracker] = Registry("tracker")


@dataclass
class _Record:
    """Detections of a track so far, as flat arrays: 28 bytes each."""

    frames: array[int] = field(default_factory=lambda: array("l"))
    times: array[float] = field(default_factory=lambda: array("d"))
    boxes: array[float] = field(default_factory=lambda: array("f"))
    scores: array[float] = field(default_factory=lambda: array("f"))
    labels: Counter[str] = field(default_factory=Counter)

    def add(self, frame: int, seconds: float, one: Detection) -> None:
        assert one.box is not None
        self.frames.append(frame)
        self.times.append(seconds)
        self.boxes.extend(one.box)
        self.scores.append(one.score)
        self.labels[one.label] += one.score  # type: ignore[assignment]

    def track(self) -> Track:
        label = min(self.labels, key=lambda one: (-self.labels[one], one))
        return Track(
            label,
            np.array(self.frames),
            np.array(self.times),
            np.array(self.boxes, dtype=np.float64).reshape(-1, 4),
            np.array(self.scores, dtype=np.float64),
        )


class _SizesApart(Distance):  # type: ignore[misc]
    """The distance between middles and between sizes, in sizes of the object."""

    def get_distances(self, objects: Sequence[Any], candidates: Any) -> np.ndarray:
        """Return [detections, objects]."""
        if not objects or not candidates:
            return np.empty((len(candidates or ()), len(objects)))
        here = np.stack([one.points.reshape(4) for one in candidates])[:, None]
        there = np.stack([one.estimate.reshape(4) for one in objects])[None]
        apart = _sizes_apart(here, there)
        growth = np.abs(np.log(_sizes(here) / _sizes(there)))
        labels = np.array([[one.data.label for one in candidates]]).T
        others = np.array([[one.last_detection.data.label for one in objects]])
        found: np.ndarray = apart + growth / 2 + OTHER_LABEL * (labels != others)
        return found


class NorfairTracker:
    """Kalman filters and greedy matching (norfair), and then: what was hidden is found again.

    rate: frames a second that it is given.
    """

    def __init__(self, rate: float) -> None:
        self._norfair = Norfair(
            distance_function="iou",
            distance_threshold=MAX_DISTANCE,
            hit_counter_max=max(CONFIRMED + 1, round(REMEMBERED * rate)),
            initialization_delay=CONFIRMED,
            past_detections_length=0,
            filter_factory=OptimizedKalmanFilterFactory(R=4.0, Q=1.0),
        )
        self._norfair.distance_function = _SizesApart()
        self._records: dict[int, _Record] = {}
        self._confirmed: set[int] = set()
        self._frame = 0

    def add(self, seconds: float, detections: Sequence[Detection]) -> None:
        """Take the detections of the next frame; those without a box are left out."""
        points = [
            Point(np.array(one.box, dtype=np.float64).reshape(2, 2), data=one)
            for one in detections
            if one.box is not None
        ]
        self._norfair.update(points)
        followed = set()
        for one in self._norfair.tracked_objects:
            number = one.initializing_id
            assert number is not None
            followed.add(number)
            if one.last_detection.age == one.age:
                record = self._records.setdefault(number, _Record())
                record.add(self._frame, seconds, one.last_detection.data)
            if not one.is_initializing:
                self._confirmed.add(number)
        for number in self._records.keys() - followed - self._confirmed:
            del self._records[number]
        self._frame += 1

    def tracks(self, width: int, height: int) -> list[Track]:
        """Return the tracks by their beginning."""
        found = [one.track() for number, one in self._records.items() if number in self._confirmed]
        lasting = _sure(_lasting(joined(found, width, height)))
        return [_kept_behind(one, lasting, width, height) for one in lasting]


class LabelTracker:
    """No tracking: the surest detection of each label is one thing; what tracking is worth."""

    def __init__(self, rate: float) -> None:
        self._records: dict[str, _Record] = {}
        self._frame = 0

    def add(self, seconds: float, detections: Sequence[Detection]) -> None:
        """Take the detections of the next frame."""
        found: dict[str, Detection] = {}
        for one in detections:
            if one.box is not None and one.score > getattr(found.get(one.label), "score", -1.0):
                found[one.label] = one
        for label, one in found.items():
            self._records.setdefault(label, _Record()).add(self._frame, seconds, one)
        self._frame += 1

    def tracks(self, width: int, height: int) -> list[Track]:
        """Return a track for each label."""
        return _lasting(one.track() for one in self._records.values())


TRACKERS.add("norfair", NorfairTracker)
TRACKERS.add("label", LabelTracker)


def joined(tracks: Iterable[Track], width: int, height: int) -> list[Track]:
    """Return the tracks with those joined that are one thing which was hidden in between."""
    found: list[Track] = []
    for track in sorted(tracks, key=lambda one: (one.times[0], one.label)):
        hidden = [
            (float(_sizes_apart(one.boxes[-1], track.boxes[0])), place)
            for place, one in enumerate(found)
            if _may_go_on(one, track, width, height)
        ]
        if not hidden:
            found.append(track)
            continue
        _, place = min(hidden)
        found[place] = _together(found[place], track)
    return found


def _may_go_on(one: Track, later: Track, width: int, height: int) -> bool:
    gap = later.times[0] - one.times[-1]
    growth = float(_sizes(later.boxes[0]) / _sizes(one.boxes[-1]))
    return (
        one.label == later.label
        and 0 < gap <= MAX_GAP
        and _sizes_apart(one.boxes[-1], later.boxes[0]) <= MAX_JUMP * max(1.0, gap)
        and 1 / MAX_GROWTH <= growth <= MAX_GROWTH
        and not (_at_edge(one.boxes[-1], width, height) and gap > BREAK)
    )


def _kept_behind(one: Track, others: Sequence[Track], width: int, height: int) -> Track:
    """Return a track that goes on, where it was, while something stands in front of it."""
    rested = one.boxes[one.times >= one.times[-1] - RESTING]
    moved = max(float(_sizes_apart(rested[0], box)) for box in rested)
    if moved > SHIFT or _at_edge(one.boxes[-1], width, height):
        return one
    best = one
    for other in others:
        later = other.frames > one.frames[-1]
        if other is one or not later.any() or other.times[0] > one.times[-1]:
            continue
        covered = _covered(one.boxes[-1], other.boxes[later]) >= COVERED
        held = int(np.argmin(covered)) if not covered.all() else len(covered)
        frames, times = other.frames[later][:held], other.times[later][:held]
        if held and frames[-1] > best.frames[-1]:
            hidden = replace(
                one,
                frames=frames,
                times=times,
                boxes=np.repeat(one.boxes[-1:], held, axis=0),
                scores=np.zeros(held),
            )
            best = _together(one, hidden)
    return best


def _covered(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the share of a box that lies in each of others, [N, 4] -> [N]."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    found: np.ndarray = np.maximum(high - low, 0).prod(axis=1) / _areas(box)
    return found


def _together(one: Track, later: Track) -> Track:
    names = ("frames", "times", "boxes", "scores")
    parts = (np.concatenate([getattr(one, name), getattr(later, name)]) for name in names)
    return Track(one.label, *parts)


def _lasting(tracks: Iterable[Track]) -> list[Track]:
    lasting = [one for one in tracks if one.times[-1] - one.times[0] >= MIN_SECONDS]
    return sorted(lasting, key=lambda one: (one.times[0], one.label, *one.boxes[0]))


def _sure(tracks: list[Track]) -> list[Track]:
    best = max((float(one.scores.max()) for one in tracks), default=0.0)
    return [one for one in tracks if one.scores.max() >= SURE_SHARE * best]


def _at_edge(box: np.ndarray, width: int, height: int) -> bool:
    nearest = min(box[0], box[1], width - box[2], height - box[3])
    return bool(nearest <= AT_EDGE * _sizes(box))


def _areas(boxes: np.ndarray) -> np.ndarray:
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 1e-6)
    area: np.ndarray = sides[..., 0] * sides[..., 1]
    return area


def _sizes(boxes: np.ndarray) -> np.ndarray:
    """Return the geometric means of the sides: [..., 4] -> [...]."""
    found: np.ndarray = np.sqrt(_areas(boxes))
    return found


def _sizes_apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the distance between the middles of boxes, in their mean sizes."""
    middles = (one[..., :2] + one[..., 2:] - other[..., :2] - other[..., 2:]) / 2
    found: np.ndarray = np.hypot(middles[..., 0], middles[..., 1]) / (
        (_sizes(one) + _sizes(other)) / 2
    )
    return found

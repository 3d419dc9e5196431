"""The whole way from a video file to its tracks, its events and its temporal graph."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from kg.errors import SightGraphError
from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from pipelines.answering.evidence import Answer
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection, strongest
from pipelines.detectors import Detector
from pipelines.detectors.precomputed import DetectionsWarning
from pipelines.namers import Namer
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.video.events import Event, events_of
from pipelines.video.frames import Frame, Video
from pipelines.video.graph import Look, object_id, temporal_graph
from pipelines.video.rules import Rules
from pipelines.video.tracking import TRACKERS, Track, Tracker

RATE = 10.0
"""Frames a second that are looked at, if not said otherwise."""
MAX_LOOKS = 8
"""Frames that are looked at like photographs, for names, colours and relations."""
SHOWN_WELL = 0.7
"""A frame shows a thing well if it has this share of its best size."""


class Eyes(Protocol):
    """What is used of a `pipelines.sightgraph.SightGraph`."""

    @property
    def detector(self) -> Detector: ...

    @property
    def namer(self) -> Namer | None: ...

    @property
    def knowledge(self) -> KnowledgeGraph: ...

    @property
    def builder(self) -> GraphBuilder: ...

    @property
    def parser(self) -> Parser: ...

    def graph_of(self, photo: Photo, detections: Sequence[Detection]) -> SceneGraph: ...

    def ask(self, photo: Photo, question: str) -> Answer: ...


@dataclass(frozen=True)
class Options:
    """rate: frames a second that are looked at. tracker: of `TRACKERS`. rules: of events."""

    rate: float = RATE
    tracker: str = "norfair"
    rules: Rules = field(default_factory=Rules.bundled)

    def __post_init__(self) -> None:
        """Refuse a rate that shows nothing, or takes for ever.

        Raises:
            SightGraphError: it is not between 0.5 and 60.
        """
        if not 0.5 <= self.rate <= 60:
            raise SightGraphError(
                f"{self.rate:g} frames a second are too few or too many. Give 0.5 to 60."
            )


@dataclass(frozen=True)
class WatchedVideo:
    """What a video shows. times [T]: seconds of the frames that were looked at."""

    video: Video
    times: np.ndarray
    tracks: Sequence[Track]
    events: Sequence[Event]
    graph: SceneGraph
    rules: Rules

    @property
    def duration(self) -> float:
        """Seconds."""
        return duration_of(self.video, self.times)

    @cached_property
    def labels(self) -> list[str]:
        """The name of each track."""
        return [self.graph.node(object_id(place)).label for place in range(len(self.tracks))]

    def told(self) -> list[tuple[Event, str]]:
        """Return each event with its sentence: "person picks up handbag"."""
        return [(one, self.sentence(one)) for one in self.events]

    def sentence(self, event: Event, with_who: bool = True) -> str:
        """Return an event in words."""
        who = f"{self.labels[event.who]} " if with_who else ""
        what = f" {self.labels[event.what]}" if event.what is not None else ""
        return f"{who}{event.name}{what}"

    def as_json(self) -> dict[str, Any]:
        """Return things and events as plain values; the graph has the rest."""
        return {
            "video": self.video.source,
            "duration": self.duration,
            "objects": [
                {
                    "id": object_id(place),
                    "label": label,
                    "score": track.score,
                    "intervals": [list(one) for one in track.intervals],
                }
                for place, (label, track) in enumerate(zip(self.labels, self.tracks, strict=True))
            ],
            "events": [
                {
                    "id": f"event:{place}",
                    "event": one.name,
                    "who": object_id(one.who),
                    "what": None if one.what is None else object_id(one.what),
                    "interval": list(one.interval),
                    "score": one.score,
                }
                for place, one in enumerate(self.events)
            ],
        }


def watching(
    eyes: Eyes, video: Video, options: Options | None = None
) -> Generator[float, None, WatchedVideo]:
    """Watch a video: yield the seconds that are done, and return what it shows.

    One frame is in memory at a time, and 28 bytes for each box.

    Raises:
        SightGraphError: as `Video.frames`.
    """
    options = options or Options()
    rate = min(options.rate, video.rate or options.rate)
    tracker = TRACKERS.make(options.tracker, rate=rate)
    times: list[float] = []
    for frame, detections in _detected(eyes.detector, video, options.rate):
        tracker.add(frame.seconds, detections)
        times.append(frame.seconds)
        yield frame.seconds
    return _watched(eyes, video, np.array(times), tracker, options.rules)


def watch(eyes: Eyes, video: Video, options: Options | None = None) -> WatchedVideo:
    """Watch a video without a report of its progress."""
    steps = watching(eyes, video, options)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: WatchedVideo = end.value
            return found


def _detected(
    detector: Detector, video: Video, rate: float
) -> Iterator[tuple[Frame, list[Detection]]]:
    for frame in video.frames(rate):
        with warnings.catch_warnings():
            # A file of detections has none for some frames, and boxes that reach over their edge.
            warnings.simplefilter("ignore", DetectionsWarning)
            found = detector(frame.photo)
        yield frame, strongest(found)


def _watched(
    eyes: Eyes, video: Video, times: np.ndarray, tracker: Tracker, rules: Rules
) -> WatchedVideo:
    tracks = tracker.tracks(video.width, video.height)
    categories = Categories(eyes.knowledge)
    size = video.width, video.height
    events = events_of(tracks, times, size, rules, categories) if tracks else []
    looks = list(_looks(eyes, video, tracks))
    info = PhotoInfo(
        video.source, video.width, video.height, video.sha256, duration_of(video, times)
    )
    graph = temporal_graph(info, tracks, events, looks)
    return WatchedVideo(video, times, tracks, events, graph, rules)


def duration_of(video: Video, times: np.ndarray) -> float:
    """Return the seconds of a video that were seen: a header may say too much or nothing."""
    seen = float(times[-1]) if len(times) else 0.0
    step = 1 / video.rate if video.rate else 0.0
    return round(min(video.duration, seen + 1.0) if video.duration > seen else seen + step, 3)


class Categories:
    """Labels of all that a label is, itself included: a beagle is a dog and an animal."""

    def __init__(self, knowledge: KnowledgeGraph) -> None:
        self._knowledge, self._linker = knowledge, Linker(knowledge)

    def __call__(self, label: str) -> frozenset[str]:
        concepts = [one.concept for one in self._linker.best(label, head=True)]
        above = (iri for one in concepts for iri in (one, *self._knowledge.categories(one)))
        return frozenset({label, *(self._knowledge.label(iri) for iri in above)})


def looks_at(tracks: Sequence[Track]) -> list[float]:
    """Return the moments, in seconds, that together show every track well, at most `MAX_LOOKS`."""
    missing = sorted(range(len(tracks)), key=lambda one: -len(tracks[one].times))
    found: list[float] = []
    while missing and len(found) < MAX_LOOKS:
        track = tracks[missing[0]]
        found.append(float(track.times[track.best]))
        missing = [one for one in missing[1:] if not _is_shown(tracks[one], found[-1])]
    return sorted(found)


def _is_shown(track: Track, seconds: float) -> bool:
    box = track.box_at(seconds)
    best = track.boxes[track.best]
    sides = best[2:] - best[:2]
    return box is not None and box.area >= SHOWN_WELL**2 * float(sides.prod())


def _looks(eyes: Eyes, video: Video, tracks: Sequence[Track]) -> Iterator[Look]:
    for frame in video.frames_at(looks_at(tracks)):
        there = {
            box: (place, Detection(track.label, track.score, eyes.detector.name, box))
            for place, track in enumerate(tracks)
            if (box := track.box_at(frame.seconds)) is not None and box.area > 0
        }
        chosen = strongest([one for _, one in there.values()])
        if eyes.namer is not None:
            # It may add, drop and sort detections, and leaves their boxes alone.
            named = {one.box: one for one in eyes.namer(frame.photo, chosen)}
            chosen = strongest([named.get(one.box, one) for one in chosen])
        graph = eyes.graph_of(frame.photo, chosen)
        yield Look(frame.seconds, graph, [there[one.box][0] for one in chosen if one.box])

"""Events of rendered videos against those of their scripts: precision, recall and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from pipelines.detectors import make_detector
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.videos.actors import HEIGHT, RATE, WIDTH, KnownEvent, Script, times_of
from pipelines.generate.videos.noise import BoxNoise, detections
from pipelines.generate.videos.patches import patches_of, with_looks
from pipelines.generate.videos.pixels import frames, write_video
from pipelines.generate.videos.scripts import script
from pipelines.progress import track
from pipelines.sightgraph import SightGraph
from pipelines.video.events import Event, events_of
from pipelines.video.frames import Video
from pipelines.video.tracking import TRACKERS, Track
from pipelines.video.watch import Categories, Options, watch

TOLERANCE = 1.0
"""Seconds by which the moment of an event may be wrong."""
SHARED = 0.4
"""Share of the longer of two intervals that both must cover."""
LOOKS = 6
"""Looks of each thing, and backgrounds."""


@dataclass(frozen=True)
class VideoEvaluator:
    """Renders videos of known events, watches them, and compares.

    boxes: take the boxes of the scripts, with a detector's mistakes, in place of pixels; noise:
    how many times the usual mistakes. videos, seed: how many, and the first.
    without: "tracking": each label is one thing.
    """

    boxes: bool = False
    noise: float = 1.0
    videos: int = 60
    seed: int = 0
    without: str | None = None

    def dataset(self, source: Source) -> Path:
        return source.data

    def system(self, model: Path | None = None) -> SightGraph:
        if model is None:
            return SightGraph.from_pretrained()
        return SightGraph.from_pretrained(make_detector("bundled", weights=model))

    def __call__(self, system: SightGraph, dataset: Path) -> Report:
        seeds = range(self.seed, self.seed + self.videos)
        watched = self._boxes(system, seeds) if self.boxes else self._pixels(system, dataset, seeds)
        rows, seconds, took = [], 0.0, 0.0
        for made, found, time in watched:
            rows.append(compared(made, found))
            seconds += made.seconds
            took += time
        return Report("F1", {**figures(rows), "seconds per second": took / seconds}, rows)

    def _boxes(self, system: SightGraph, seeds: range) -> Iterator[Watched]:
        """Track and judge boxes; nothing is drawn."""
        categories, options = Categories(system.knowledge), self._options()
        for seed in seeds:
            made = script(seed)
            boxes = list(detections(made, seed, BoxNoise().times(self.noise)))
            began, times = perf_counter(), times_of(made)
            tracker = TRACKERS.make(options.tracker, rate=RATE)
            for time, found in zip(times, boxes, strict=True):
                tracker.add(float(time), found)
            tracks = tracker.tracks(WIDTH, HEIGHT)
            events = events_of(tracks, times, (WIDTH, HEIGHT), options.rules, categories)
            yield made, _known(events, tracks), perf_counter() - began

    def _pixels(self, system: SightGraph, folder: Path, seeds: range) -> Iterator[Watched]:
        """Render each video to a file, and watch it; only the watching is timed."""
        patches, grounds = patches_of(folder, system.detector, LOOKS)
        with TemporaryDirectory() as rendered:
            file = Path(rendered) / "video.mp4"
            for seed in track(seeds, "watching"):
                made = with_looks(script(seed), patches)
                write_video(file, frames(made, patches, grounds[seed % len(grounds)], seed))
                began = perf_counter()
                watched = watch(system, Video.open(file), self._options())
                yield made, _known(watched.events, watched.tracks), perf_counter() - began

    def _options(self) -> Options:
        return Options(tracker="label" if self.without == "tracking" else "norfair")


Watched = tuple[Script, list[KnownEvent], float]
"""A script, the events that were found, and the seconds that it took."""


def _known(events: Sequence[Event], tracks: Sequence[Track]) -> list[KnownEvent]:
    labels = [one.label for one in tracks]
    return [
        KnownEvent(
            one.name, labels[one.who], None if one.what is None else labels[one.what], one.interval
        )
        for one in events
    ]


def compared(made: Script, events: Sequence[KnownEvent]) -> dict[str, Any]:
    """Return the events of a video that were found, missed and invented, as plain values."""
    missed = list(made.events)
    hits, false = [], []
    for event in events:
        match = next((other for other in missed if is_same(event, other)), None)
        if match is None:
            false.append(event)
        else:
            missed.remove(match)
            hits.append(event)
    parts = {"found": hits, "missed": missed, "false": false, "renamed": _renamed(missed, false)}
    about = {"video": made.name, "pillars": len(made.pillars)}
    return {**about, **{name: [*map(_plain, some)] for name, some in parts.items()}}


def _renamed(missed: Sequence[KnownEvent], false: Sequence[KnownEvent]) -> list[KnownEvent]:
    """Return the missed events that were found with another name of who or what."""
    rest, found = list(false), []
    for one in missed:
        alike = (other for other in rest if is_same(_nameless(other), _nameless(one)))
        match = next(alike, None)
        if match is not None:
            rest.remove(match)
            found.append(one)
    return found


def _nameless(event: KnownEvent) -> KnownEvent:
    return replace(event, who="", what=None if event.what is None else "")


def is_same(one: KnownEvent, other: KnownEvent) -> bool:
    """Whether two events have the same name and parties, and about the same time."""
    if (one.name, one.who, one.what) != (other.name, other.who, other.what):
        return False
    if other.interval.length == 0:
        return abs(one.interval.start - other.interval.start) <= TOLERANCE
    longer = max(one.interval.length, other.interval.length)
    return one.interval.overlap(other.interval) >= SHARED * longer


def figures(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return precision, recall and F1 of all events, and precision and recall of some.

    Some: of the videos in which a pillar hides what is behind it, and of each kind of event.
    """
    counts = _counts(rows)
    found: dict[str, float] = {"videos": float(len(rows))}
    totals = [sum(counts[part].values()) for part in ("found", "missed", "false")]
    found["events"] = float(totals[0] + totals[1])
    found["precision"], found["recall"] = _shares(*totals)
    both = found["precision"] + found["recall"]
    found["F1"] = 2 * found["precision"] * found["recall"] / both if both else 0.0
    renamed = sum(counts["renamed"].values())
    hits, missed, false = totals
    found["precision, whatever the labels"] = (hits + renamed) / max(hits + false, 1)
    found["recall, whatever the labels"] = (hits + renamed) / max(hits + missed, 1)
    occluded = _counts([row for row in rows if row["pillars"]])
    behind = _shares(*(sum(occluded[part].values()) for part in ("found", "missed", "false")))
    found["precision, with pillars"], found["recall, with pillars"] = behind
    for name in sorted({*counts["found"], *counts["missed"], *counts["false"]}):
        precision, recall = _shares(*(counts[part][name] for part in ("found", "missed", "false")))
        found |= {f"{name}, precision": precision, f"{name}, recall": recall}
    return found


def _counts(rows: Sequence[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Return how many events of each kind were found, missed, invented and renamed."""
    return {
        part: Counter(event["event"] for row in rows for event in row[part])
        for part in ("found", "missed", "false", "renamed")
    }


def _shares(hits: int, missed: int, false: int) -> tuple[float, float]:
    return hits / max(hits + false, 1), hits / max(hits + missed, 1)


def _plain(event: KnownEvent) -> dict[str, Any]:
    return {
        "event": event.name,
        "who": event.who,
        "what": event.what,
        "interval": [float(one) for one in event.interval],
    }

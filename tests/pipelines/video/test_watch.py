"""pipelines/video/watch: the whole way, the same each time, with progress and little memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.detections import Detection
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph
from pipelines.video.frames import Video
from pipelines.video.watch import Options, duration_of, looks_at, watch, watching
from tests.pipelines.video.conftest import FOLLOWS, PICKS_UP, DrawnEyes, Seen


def test_known_events_are_found_in_a_rendered_video(seen: Seen) -> None:
    _, watched = seen(PICKS_UP)
    told = [sentence for _, sentence in watched.told()]
    assert told == [
        "person enters",
        "person approaches sports ball",
        "person stops",
        "person picks up sports ball",
        "person carries sports ball",
        "sports ball leaves",
        "person leaves",
    ]
    assert watched.as_json()["events"][3]["event"] == "picks up"


def test_the_same_video_gives_the_same_graph(seen: Seen) -> None:
    eyes, watched = seen(FOLLOWS)
    again = watch(eyes, watched.video)
    assert again.graph == watched.graph
    assert again.graph.edges() == watched.graph.edges()


def test_progress_is_told_in_seconds(seen: Seen) -> None:
    eyes, watched = seen(FOLLOWS)
    done = list(watching(eyes, watched.video, Options(rate=2)))
    assert done == sorted(done)
    assert done[-1] == pytest.approx(watched.duration, abs=0.6)


def test_a_video_that_shows_nothing_has_an_empty_graph(seen: Seen, clip: Path) -> None:
    eyes, _ = seen(FOLLOWS)
    blind = replace(eyes, detector=Blind())  # type: ignore[arg-type]
    watched = watch(blind, Video.open(clip))
    assert (watched.tracks, watched.events, len(watched.graph)) == ([], [], 0)
    assert watched.duration == 2.0


class Blind:
    name = "blind"

    def __call__(self, photo: Photo) -> list[Detection]:
        return []


def test_few_looks_show_every_track(seen: Seen) -> None:
    _, watched = seen(PICKS_UP)
    looks = looks_at(watched.tracks)
    assert 1 <= len(looks) <= len(watched.tracks)
    for track in watched.tracks:
        assert any(track.box_at(seconds) is not None for seconds in looks)


@pytest.mark.parametrize("rate", [0.1, 100.0, float("nan")])
def test_a_rate_that_shows_nothing_is_refused(rate: float) -> None:
    with pytest.raises(SightGraphError, match="frames a second"):
        Options(rate)


def test_a_header_that_says_too_much_is_not_believed(seen: Seen) -> None:
    _, watched = seen(FOLLOWS)
    lying = replace(watched.video, duration=3000.0)
    assert duration_of(lying, watched.times) < 20


def test_sightgraph_itself_watches(seen: Seen, clip: Path, eyes_of: SightGraph) -> None:
    watched = eyes_of.video(clip, rate=2)
    assert watched.video.source == str(clip)
    assert len(watched.times) == 4


@pytest.fixture
def eyes_of(seen: Seen) -> SightGraph:
    """A `SightGraph` with the blind detector."""
    eyes: DrawnEyes = seen(FOLLOWS)[0]
    made = object.__new__(SightGraph)
    for name, value in (
        ("detector", Blind()),
        ("knowledge", eyes.knowledge),
        ("namer", None),
        ("builder", eyes.builder),
        ("parser", eyes.parser),
    ):
        object.__setattr__(made, name, value)
    return made

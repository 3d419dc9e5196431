"""pipelines/video/events: known events of drawn scripts are found, and noise makes none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Interval
from pipelines.generate.videos.actors import HEIGHT, RATE, WIDTH, KnownEvent, times_of
from pipelines.generate.videos.noise import BoxNoise, detections
from pipelines.generate.videos.scripts import SCRIPTS, script
from pipelines.video.events import events_of, fulfilled, is_of, runs_of
from pipelines.video.rules import Condition, Kind, Rules
from pipelines.video.tracking import NorfairTracker, Track

RULES = Rules.bundled()
CATEGORIES = {"dog": {"animal"}, "chair": {"furniture"}, "couch": {"furniture"}}
CLEAN = BoxNoise(0, 0, 0, 0, 0, 0)


def names(label: str) -> frozenset[str]:
    return frozenset({label, *CATEGORIES.get(label, ())})


def found_in(seed: int, noise: BoxNoise | None = None, rules: Rules = RULES) -> list[KnownEvent]:
    made = script(seed)
    tracker, times = NorfairTracker(RATE), times_of(made)
    for seconds, boxes in zip(times, detections(made, seed, noise), strict=True):
        tracker.add(float(seconds), boxes)
    tracks = tracker.tracks(WIDTH, HEIGHT)
    return [
        KnownEvent(
            one.name,
            tracks[one.who].label,
            None if one.what is None else tracks[one.what].label,
            one.interval,
        )
        for one in events_of(tracks, times, (WIDTH, HEIGHT), rules, names)
    ]


def keys(events: list[KnownEvent]) -> list[tuple[str, str, str | None]]:
    return sorted((one.name, one.who, one.what or "") for one in events)


@pytest.mark.parametrize("kind", range(len(SCRIPTS)))
def test_each_kind_of_script_is_read_from_clean_boxes(kind: int) -> None:
    seed = 2000 + kind
    made = replace(script(seed), pillars=[])
    assert keys(found_in(seed, CLEAN)) == keys(made.events)


@pytest.mark.parametrize("seed", [2002, 2003, 2005, 2006])
def test_the_time_of_an_event_is_right_within_a_second(seed: int) -> None:
    known = {(one.name, one.who, one.what): one for one in script(seed).events}
    for one in found_in(seed):
        true = known.get((one.name, one.who, one.what))
        if true is not None and true.interval.length == 0 and one.name != "stops":
            assert one.interval.start == pytest.approx(true.interval.start, abs=1.0)


def test_the_same_boxes_give_the_same_events() -> None:
    assert found_in(2003) == found_in(2003)


def test_a_thing_that_only_trembles_does_nothing() -> None:
    draw = np.random.default_rng(0)
    times = np.arange(100) / 10
    boxes = np.array([100, 100, 160, 240]) + draw.normal(0, 4, (100, 4))
    track = Track("person", np.arange(100), times, boxes, np.ones(100))
    assert events_of([track], times, (WIDTH, HEIGHT), RULES, names) == []


@given(st.lists(st.floats(-1, 1) | st.just(float("nan")), min_size=1, max_size=40))
def test_a_state_holds_where_its_measure_is_past_the_threshold(values: list[float]) -> None:
    measured = np.array(values)
    above, below = (fulfilled(measured, Condition("x", one, 0.5)) for one in (True, False))
    places = [place for a, b in runs_of(above) for place in range(a, b + 1)]
    assert places == [place for place, one in enumerate(values) if one > 0.5]
    assert not (above & below).any()
    assert (above | below)[measured != 0.5].sum() == (~np.isnan(measured) & (measured != 0.5)).sum()


def test_kinds_go_by_label_and_category() -> None:
    assert is_of(names("dog"), Kind(frozenset({"animal"}), inverted=False))
    assert not is_of(names("dog"), RULES.kinds["portable"])
    assert is_of(names("handbag"), RULES.kinds["portable"])
    assert is_of(names("anything at all"), RULES.kinds["anything"])


def test_without_tracks_or_in_one_frame_nothing_happens() -> None:
    assert events_of([], np.array([]), (WIDTH, HEIGHT), RULES, names) == []
    one = Track("dog", np.array([0]), np.array([0.0]), np.array([[1.0, 2, 30, 40]]), np.ones(1))
    assert events_of([one], np.array([0.0]), (WIDTH, HEIGHT), RULES, names) == []
    assert Interval(0, 0).length == 0

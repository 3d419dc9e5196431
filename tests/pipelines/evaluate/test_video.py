"""pipelines/evaluate/video: found, missed and invented events are counted as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.graph import Interval
from pipelines.build.builder import GraphBuilder
from pipelines.evaluate.video import VideoEvaluator, compared, figures, is_same
from pipelines.generate.videos.actors import KnownEvent
from pipelines.generate.videos.noise import BoxNoise
from pipelines.generate.videos.scripts import script


def event(name: str, start: float, end: float, what: str | None = None) -> KnownEvent:
    return KnownEvent(name, "person", what, Interval(start, end))


def test_moments_may_be_a_second_off_and_durations_must_be_shared() -> None:
    assert is_same(event("stops", 3.9, 3.9), event("stops", 3, 3))
    assert not is_same(event("stops", 4.1, 4.1), event("stops", 3, 3))
    assert not is_same(event("sits", 3, 3, "chair"), event("sits", 3, 3, "couch"))
    assert not is_same(event("carries", 2, 4, "cup"), event("carries", 3.5, 5.5, "cup"))
    assert is_same(event("carries", 2, 4.5, "cup"), event("carries", 3, 5, "cup"))


def test_each_event_of_the_script_is_found_once() -> None:
    made = script(0)
    twice = [*made.events, made.events[0], event("sits", 1, 1, "chair")]
    row = compared(made, twice)
    assert [len(row[part]) for part in ("found", "missed", "false")] == [2, 0, 2]
    found = figures([row, compared(made, [])])
    assert (found["precision"], found["recall"]) == (0.5, 0.5)
    assert found["sits, precision"] == 0.0
    assert not made.pillars
    assert found["precision, with pillars"] == found["recall, with pillars"] == 0.0
    assert figures([compared(script(2), script(2).events)])["recall, with pillars"] == 1.0


def test_more_noise_means_more_mistakes_up_to_half_of_the_boxes() -> None:
    strong = BoxNoise().times(10)
    assert (strong.jitter, strong.dropped) == (pytest.approx(0.3), 0.5)
    assert BoxNoise().times(1) == BoxNoise()


class Knowing:
    """What is used of the models where boxes are known."""

    def __init__(self, builder: GraphBuilder) -> None:
        self.knowledge = builder.knowledge


def test_tracking_is_worth_something(builder: GraphBuilder) -> None:
    def measured(without: str | None = None) -> dict[str, float]:
        evaluator = VideoEvaluator(boxes=True, noise=2, videos=8, seed=1000, without=without)
        report = evaluator(Knowing(builder), Path())  # type: ignore[arg-type]
        assert report.primary == "F1"
        return dict(report.figures)

    whole = measured()
    assert min(whole["precision"], whole["recall"]) > 0.8
    assert whole["precision"] > measured("tracking")["precision"]

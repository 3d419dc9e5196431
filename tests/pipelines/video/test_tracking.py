"""pipelines/video/tracking: one thing is one track, through noise, gaps and other things."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from kg.graph import Box
from pipelines.detections import Detection
from pipelines.video.tracking import TRACKERS, NorfairTracker, Track

WIDTH, HEIGHT, RATE = 400, 300, 10


def at(
    x: float, label: str = "dog", y: float = 200, size: float = 40, score: float = 0.8
) -> Detection:
    return Detection(label, score, "test", Box(x, y, x + size, y + size))


def tracked(frames: Iterable[list[Detection]], tracker: str = "norfair") -> list[Track]:
    made = TRACKERS.make(tracker, rate=RATE)
    for number, found in enumerate(frames):
        made.add(number / RATE, found)
    return made.tracks(WIDTH, HEIGHT)


def test_every_tracker_is_listed() -> None:
    assert sorted(TRACKERS) == ["label", "norfair"]


def test_two_things_that_pass_each_other_stay_two() -> None:
    frames = [[at(20 + 6 * t, y=100), at(320 - 6 * t, y=180)] for t in range(50)]
    one, other = tracked(frames)
    assert len(one.times) == len(other.times) == 50
    for track, first, last in ((one, 20, 314), (other, 320, 26)):
        assert (track.boxes[0, 0], track.boxes[-1, 0]) == (first, last)


def test_detections_of_score_0_make_no_score_that_is_no_number() -> None:
    boxes = np.tile([0.0, 0.0, 9.0, 9.0], (2, 1))
    assert Track("dog", np.arange(2), np.arange(2) / RATE, boxes, np.zeros(2)).score == 0.0


def test_noise_single_gaps_and_wavering_labels_break_no_track() -> None:
    draw = np.random.default_rng(3)
    frames = []
    for t in range(60):
        label = "cat" if t % 7 == 0 else "dog"
        there = draw.random() > 0.25
        frames.append([at(20 + 5 * t + draw.normal(0, 2), label)] if there else [])
    (track,) = tracked(frames)
    assert track.label == "dog"
    assert len(track.intervals) == 1


def test_single_false_boxes_are_no_track() -> None:
    frames = [[at(20 + 5 * t)] + ([at(300, "cat", 50)] if t in (7, 30) else []) for t in range(50)]
    assert [one.label for one in tracked(frames)] == ["dog"]


def test_a_track_that_is_never_as_sure_as_the_others_is_a_blot() -> None:
    def frames(score: float) -> list[list[Detection]]:
        return [[at(20 + 5 * t, score=0.9), at(300, "kite", 50, score=score)] for t in range(50)]

    assert [one.label for one in tracked(frames(0.5))] == ["dog"]
    assert sorted(one.label for one in tracked(frames(0.7))) == ["dog", "kite"]
    unsure = [[at(20 + 5 * t, score=0.1)] for t in range(50)]  # of a detector that never is
    assert len(tracked(unsure)) == 1


def test_what_was_hidden_is_the_same_and_what_left_is_not() -> None:
    hidden = [[at(100 + 3 * t)] if not 20 < t < 41 else [] for t in range(60)]
    (track,) = tracked(hidden)
    assert [tuple(one) for one in track.intervals] == [(0.0, 2.0), (4.1, 5.9)]
    left = [[at(max(300 + 6 * t, 0))] for t in range(11)]
    left += [[]] * 20 + [[at(360 - 6 * t)] for t in range(20)]
    assert len(tracked(left)) == 2


def test_what_stands_behind_something_stays_there() -> None:
    frames = []
    for t in range(60):
        walker = at(min(-20 + 6 * t, 150), "person", 140, 120)
        covered = walker.box is not None and walker.box.x2 > 215
        frames.append([walker] + ([] if covered else [at(180, "chair", 200, 44)]))
    chair = next(one for one in tracked(frames) if one.label == "chair")
    assert chair.times[-1] == pytest.approx(5.9)
    assert chair.score == 0.8
    assert chair.boxes[-1, 0] == 180


def test_where_a_thing_is_between_detections() -> None:
    (track,) = tracked([[at(100 + 4 * t)] if t % 3 != 1 else [] for t in range(30)])
    box = track.box_at(1.0)
    assert box is not None
    assert box.x1 == pytest.approx(140)
    assert track.box_at(9.0) is None


def test_the_same_detections_give_the_same_tracks() -> None:
    draw = np.random.default_rng(0)
    frames = [
        [at(float(draw.uniform(0, 300)), y=float(draw.uniform(0, 200))) for _ in range(6)]
        for _ in range(40)
    ]
    one, other = tracked(frames), tracked(frames)
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert (a.boxes == b.boxes).all()


def test_memory_is_small_and_forgets_what_was_noise() -> None:
    tracker = NorfairTracker(RATE)
    for number in range(300):
        tracker.add(number / RATE, [at((37 * number) % 360, y=(91 * number) % 250)])
    assert len(tracker._records) < 40


def test_without_tracking_the_surest_box_of_a_label_is_taken() -> None:
    frames = [[at(20 + t), at(200 + t, score=0.9)] for t in range(20)]
    (track,) = tracked(frames, "label")
    assert track.boxes[0, 0] == 200

"""pipelines/video/measures: what is measured of tracks, in sizes and seconds."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.video.measures import OF_ONE, OF_PAIR, Path, measured, smoothed
from pipelines.video.tracking import Track

FRAME = (400, 300)
GRID = np.arange(40) / 10


def path(boxes: np.ndarray, smoothing: float = 0.0) -> Path:
    places = np.arange(len(boxes))
    track = Track("x", places, GRID[places], boxes, np.ones(len(boxes)))
    return Path.of(track, GRID, FRAME, smoothing)


def going(x: float, speed: float, size: float = 40, y: float = 100) -> np.ndarray:
    left = x + speed * GRID
    return np.stack([left, np.full(40, y), left + size, np.full(40, y + size)], axis=1)


def test_speed_is_in_sizes_a_second_at_any_distance_from_the_camera() -> None:
    near, far = path(going(10, 80, 80)), path(going(10, 40, 40))
    assert measured("speed", near)[5:-5] == pytest.approx(1.0)
    assert measured("speed", far)[5:-5] == pytest.approx(1.0)


def test_who_sits_down_becomes_lower_and_does_not_move() -> None:
    boxes = going(100, 0)
    boxes[20:, 1] += 15
    assert measured("speed", path(boxes)).max() == pytest.approx(0.0)
    assert measured("stature", path(boxes))[-1] == pytest.approx(25 / 40)


def test_gap_and_overlap() -> None:
    who, beside, within = path(going(0, 0)), path(going(60, 0)), path(going(10, 0, 20, 110))
    assert measured("gap", who, beside)[0] == pytest.approx(0.5)
    assert measured("gap", who, within)[0] < 0
    assert measured("overlap", who, within)[0] == pytest.approx(1.0)
    assert measured("overlap", who, beside)[0] == 0


def test_directions() -> None:
    follower, leader, other = path(going(0, 30)), path(going(100, 30)), path(going(300, -30))
    assert measured("behind", follower, leader)[10] == pytest.approx(1.0)
    assert measured("behind", leader, follower)[10] == pytest.approx(-1.0)
    assert measured("same way", follower, other)[10] == pytest.approx(-1.0)
    assert measured("relative speed", follower, leader)[10] == pytest.approx(0.0, abs=1e-9)
    assert measured("closing", follower, leader)[10] == pytest.approx(30 / 40)
    still = path(going(100, 0))
    assert measured("same way", follower, still)[10] == 0


def test_near_the_side_of_the_frame() -> None:
    assert measured("edge", path(going(2, 0)))[0] == pytest.approx(2 / 40)
    assert measured("edge", path(going(200, 0)))[0] > 1


def test_every_measure_is_finite_where_both_are_seen() -> None:
    one, other = path(going(0, 50)), path(going(0, 0, 1e-3))
    for name in (*OF_ONE, *OF_PAIR):
        assert np.isfinite(measured(name, one, other)).all()


def test_smoothing_takes_single_jumps_away_and_keeps_the_length() -> None:
    values = np.zeros((30, 1))
    values[10] = 100
    assert smoothed(values, 5).max() == 0
    assert smoothed(values[:3], 9).shape == (3, 1)
    assert smoothed(values[:1], 9).shape == (1, 1)

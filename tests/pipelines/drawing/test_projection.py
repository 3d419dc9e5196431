"""pipelines/drawing/projection: the nearest layout in which everything said holds."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.graph import Box
from pipelines.drawing.projection import EXACT, hildreth, project
from pipelines.drawing.relations import PLACES, Row, Sides, holds, ways_of

WIDTH, HEIGHT = 640, 480
ASPECT = WIDTH / HEIGHT


def test_a_point_is_projected_onto_a_half_space() -> None:
    found, _ = hildreth(
        np.array([2.0, 0.0]), np.eye(2), np.array([[1.0, 1.0]]), np.array([0.0]), np.array([9.0])
    )
    assert np.allclose(found, [1.0, -1.0])


def test_what_is_only_desired_gives_way() -> None:
    matrix, bounds = np.array([[1.0], [-1.0]]), np.array([0.0, -1.0])  # z <= 0, and z >= 1
    found, _ = hildreth(np.array([0.0]), np.eye(1), matrix, bounds, np.array([np.inf, 0.5]))
    assert found[0] <= EXACT


def test_a_correlated_width_and_height_shrink_together() -> None:
    covariance = np.array([[1.0, 0.99], [0.99, 1.0]])
    found, _ = hildreth(
        np.array([2.0, 2.0]),
        covariance,
        np.array([[1.0, 0.0]]),
        np.array([1.0]),
        np.array([9e9]),
    )
    assert np.allclose(found, [1.0, 1.01])


def within(one: Sides) -> list[Row]:
    return [
        (-one.left, 0.0),
        (one.right, ASPECT),
        (-one.top, 0.0),
        (one.bottom, 1.0),
        (-one.width, -0.01),
        (-one.height, -0.01),
    ]


@st.composite
def consistent(draw: st.DrawFn) -> tuple[int, list[tuple[int, str, int]]]:
    """Things, and relations that hold of some layout, whose boxes are drawn first."""
    count = draw(st.integers(2, 5))
    boxes = [
        (
            draw(st.floats(0.15, ASPECT - 0.15)),
            draw(st.floats(0.15, 0.85)),
            draw(st.floats(0.05, 0.5)),
            draw(st.floats(0.05, 0.5)),
        )
        for _ in range(count)
    ]
    values = np.array(boxes).ravel()
    sides = [Sides(one, count) for one in range(count)]
    said = []
    for a in range(count):
        for b in range(count):
            for place in PLACES if a != b else ():
                ways = ways_of(place, sides[a], sides[b], ASPECT)
                if any(all(row @ values <= bound for row, bound in way) for way in ways):
                    said.append((a, place, b))
    chosen = draw(st.lists(st.sampled_from(said), max_size=5, unique=True)) if said else []
    return count, chosen


@settings(max_examples=150)
@given(consistent(), st.integers(0, 3))
def test_every_said_relation_holds_inside_the_picture(
    scene: tuple[int, list[tuple[int, str, int]]], seed: int
) -> None:
    count, said = scene
    chance = np.random.default_rng(seed)
    start = chance.uniform(0.1, 0.9, 4 * count)
    sides = [Sides(one, count) for one in range(count)]
    ways = [ways_of(place, sides[a], sides[b], ASPECT) for a, place, b in said]
    always = [row for one in sides for row in within(one)]
    found = project(start, np.eye(4 * count) * 0.04, ways, always)
    boxes = [
        Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        for x, y, width, height in found.values.reshape(count, 4) * HEIGHT
    ]
    assert found.holds
    for a, place, b in said:
        assert holds(place, boxes[a], boxes[b], WIDTH, HEIGHT), (place, boxes[a], boxes[b])
    for box in boxes:
        assert box.x1 >= -1
        assert box.y1 >= -1
        assert box.x2 <= WIDTH + 1
        assert box.y2 <= HEIGHT + 1


def test_what_cannot_hold_is_told() -> None:
    sides = [Sides(0, 2), Sides(1, 2)]
    ways = [ways_of("above", sides[0], sides[1], ASPECT), ways_of("above", sides[1], sides[0], 1.0)]
    found = project(
        np.full(8, 0.5), np.eye(8) * 0.04, ways, [row for s in sides for row in within(s)]
    )
    assert not found.holds

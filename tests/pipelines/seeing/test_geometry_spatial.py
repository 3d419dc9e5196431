"""pipelines/seeing/geometry.py: relations of two boxes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Box
from kg.vocabulary import SPATIAL_INVERSES
from pipelines.seeing.geometry import relations

WIDTH, HEIGHT = 640, 480


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, y1 = draw(st.floats(0, WIDTH - 4)), draw(st.floats(0, HEIGHT - 4))
    x2, y2 = draw(st.floats(x1 + 2, WIDTH)), draw(st.floats(y1 + 2, HEIGHT))
    return Box(x1, y1, x2, y2)


@given(boxes(), boxes())
def test_the_inverse_holds_the_other_way_round(a: Box, b: Box) -> None:
    there, back = relations(a, b, WIDTH, HEIGHT), relations(b, a, WIDTH, HEIGHT)
    assert {SPATIAL_INVERSES[name] for name in there} == set(back)


@given(boxes(), boxes())
def test_scores_are_probabilities_and_opposites_exclude_each_other(a: Box, b: Box) -> None:
    found = relations(a, b, WIDTH, HEIGHT)
    assert all(0 < score <= 1 for score in found.values())
    for name, inverse in SPATIAL_INVERSES.items():
        assert name == inverse or not {name, inverse} <= set(found)


@given(boxes(), boxes())
def test_mirroring_the_photograph_swaps_left_and_right_only(a: Box, b: Box) -> None:
    def mirrored(box: Box) -> Box:
        return Box(WIDTH - box.x2, box.y1, WIDTH - box.x1, box.y2)

    swap = {"left of": "right of", "right of": "left of"}
    there = {swap.get(name, name) for name in relations(a, b, WIDTH, HEIGHT)}
    assert there == set(relations(mirrored(a), mirrored(b), WIDTH, HEIGHT))


@pytest.mark.parametrize(
    ("a", "b", "name"),
    [
        (Box(0, 100, 50, 200), Box(300, 100, 400, 200), "left of"),
        (Box(200, 200, 260, 300), Box(100, 250, 400, 450), "on"),
        (Box(220, 220, 260, 260), Box(100, 100, 400, 400), "in"),
        (Box(200, 0, 260, 60), Box(180, 300, 300, 400), "above"),
        (Box(100, 100, 200, 200), Box(210, 100, 300, 200), "near"),
        (Box(0, 0, 400, 400), Box(500, 300, 540, 340), "larger than"),
    ],
)
def test_plain_cases_are_named_as_people_name_them(a: Box, b: Box, name: str) -> None:
    assert name in relations(a, b, WIDTH, HEIGHT)

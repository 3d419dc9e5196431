"""pipelines/seeing/geometry.py: relations of two boxes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Box
from kg.vocabulary import SPATIAL_INVERSES
from pipelines.detections import Support
from pipelines.seeing.geometry import MIN_SUPPORT, relations, supported

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


@given(boxes(), boxes(), st.floats(0, 1), st.floats(0, 1))
def test_names_keep_inverses_and_lower_scores_only(a: Box, b: Box, p: float, q: float) -> None:
    forward, backward = Support(p, 1 - p), Support(q, 1 - q)
    plain = relations(a, b, WIDTH, HEIGHT)
    there = supported(plain, forward, backward)
    back = supported(relations(b, a, WIDTH, HEIGHT), backward, forward)
    assert {SPATIAL_INVERSES[name] for name in there} == set(back)
    assert all(0 < score <= 1 for score in there.values())
    spatial = {"in", "on", "around", "under"}
    assert {k: v for k, v in plain.items() if k not in spatial}.items() <= there.items()
    assert all(score >= MIN_SUPPORT for name, score in there.items() if name in spatial)


def test_a_cup_whose_box_is_in_a_table_is_on_it() -> None:
    cup, table = Box(220, 220, 260, 260), Box(100, 100, 400, 400)
    plain = relations(cup, table, WIDTH, HEIGHT)
    assert plain["in"] == 1
    found = supported(plain, Support(inside=0.1, on=0.7), Support(inside=0.0, on=0.1))
    assert "in" not in found
    assert found["on"] == pytest.approx(0.7)

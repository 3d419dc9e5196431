"""pipelines/detections.py: each object once."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from pipelines.detections import Detection, without_duplicates

CAT = Detection("cat", 0.9, "test", (100, 100, 200, 200))


def test_the_surer_of_two_boxes_of_one_object_stays() -> None:
    again = Detection("cat", 0.5, "test", (105, 95, 205, 195))
    inside = Detection("cat", 0.6, "test", (120, 120, 160, 160))
    assert without_duplicates([again, CAT, inside]) == [CAT]


def test_neighbours_other_things_and_objects_without_box_stay() -> None:
    beside = Detection("cat", 0.5, "test", (180, 100, 280, 200))
    dog = Detection("dog", 0.5, "test", (100, 100, 200, 200))
    bare = [Detection("cat", 0.4, "test"), Detection("cat", 0.3, "test")]
    assert without_duplicates([CAT, beside, dog, *bare]) == [CAT, beside, dog, *bare]


SIDES = st.tuples(*[st.integers(0, 50)] * 4)


@given(st.lists(st.tuples(st.sampled_from(["cat", "dog"]), st.floats(0, 1), SIDES)))
def test_what_stays_has_no_duplicates_and_was_there(
    found: list[tuple[str, float, tuple[int, int, int, int]]],
) -> None:
    objects = [
        Detection(label, score, "test", (x, y, x + wide, y + high))
        for label, score, (x, y, wide, high) in found
    ]
    once = without_duplicates(objects)
    assert without_duplicates(once) == once
    assert all(one in objects for one in once)
    assert {one.label for one in once} == {one.label for one in objects}


@pytest.mark.parametrize(
    ("score", "box"),
    [
        (math.nan, (0, 0, 1, 1)),
        (7.0, (0, 0, 1, 1)),
        (-0.1, (0, 0, 1, 1)),
        (0.5, (0, 0, math.nan, 1)),
        (0.5, (0, -math.inf, 1, 1)),
        (0.5, (0, 0, 1e38, 1)),
    ],
)
def test_no_detector_can_hand_on_what_is_no_score_or_no_box(
    score: float, box: tuple[float, float, float, float]
) -> None:
    with pytest.raises(SightGraphError, match="the detector 'mine' found 'cat' with score"):
        Detection("cat", score, "mine", box)  # type: ignore[arg-type]

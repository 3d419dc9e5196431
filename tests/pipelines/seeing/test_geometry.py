"""pipelines/seeing/geometry.py: size, position and number words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Box
from pipelines.detections import HAS_COUNT, HAS_POSITION, HAS_SIZE, Detection
from pipelines.seeing.geometry import measured, position_words, size_word


def found(label: str, *box: float) -> Detection:
    return Detection(label, 0.9, "test", (box[0], box[1], box[2], box[3]) if box else None)


def test_words_say_where_how_big_and_how_many() -> None:
    objects = [found("dog", 0, 0, 60, 90), found("dog", 90, 90, 99, 99), found("cat")]
    words = [{one.relation: one.label for one in each} for each in measured(objects, 100, 100)]
    assert words[0] == {HAS_SIZE: "large", HAS_POSITION: "left", HAS_COUNT: "2"}
    assert words[1][HAS_SIZE] == "small"
    assert words[1][HAS_COUNT] == "2"
    assert words[2] == {}  # no box, and the only cat


def test_position_goes_by_the_middle_of_the_box() -> None:
    assert position_words(Box(0, 0, 10, 10), 100, 100) == ("left", "top")
    assert position_words(Box(45, 45, 55, 55), 100, 100) == ("middle",)
    assert position_words(Box(80, 40, 100, 60), 100, 100) == ("right",)
    assert position_words(Box(40, 90, 60, 100), 100, 100) == ("bottom",)


def test_size_is_set_against_others_of_the_kind() -> None:
    assert size_word(0.1, [0.1]) is None
    assert size_word(0.1, [0.1, 0.02, 0.03]) == "large"
    assert size_word(0.05, [0.05, 0.15, 0.2]) == "small"


@given(st.floats(0, 90), st.floats(0, 90))
def test_mirroring_exchanges_left_and_right(x: float, y: float) -> None:
    here = position_words(Box(x, y, x + 10, y + 10), 100, 100)
    there = position_words(Box(90 - x, y, 100 - x, y + 10), 100, 100)
    swap = {"left": "right", "right": "left"}
    assert tuple(swap.get(word, word) for word in here) == there

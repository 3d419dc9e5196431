"""pipelines/detectors/given.py: what is checked of every object."""

from __future__ import annotations

import pytest

from pipelines.detectors.given import GivenObject, class_name, from_middle, from_side, made, words


def test_names_are_lower_case_and_boxes_have_corners() -> None:
    found = made(" Traffic  Light", "0.5", from_side(1, 2, 3, 4), attributes=words(["Red"], "x"))
    assert found == GivenObject("traffic light", 0.5, (1, 2, 4, 6), attributes=("red",))
    assert from_middle(0.5, 0.5, 1, 1) == (0, 0, 1, 1)


def test_a_word_is_said_once() -> None:
    assert words(["Red", "red", "big"], "the attributes") == ("red", "big")
    assert words(None, "the attributes") == ()


def test_a_number_is_cocos_only_where_no_names_are_given() -> None:
    assert class_name(17, None) == ("cat", 17)
    assert class_name(17, {17: "helmet"}) == ("helmet", None)
    with pytest.raises(ValueError, match="the given names have no category 3"):
        class_name(3, {})


@pytest.mark.parametrize(
    ("label", "score", "box"),
    [("", 1, None), (None, 1, None), ("cat", 2, None), ("cat", 1, (3, 3, 2, 4))],
)
def test_what_cannot_be_used_is_refused(label: object, score: object, box: object) -> None:
    with pytest.raises(ValueError, match=r"empty|no text|between 0 and 1"):
        made(label, score, box)  # type: ignore[arg-type]

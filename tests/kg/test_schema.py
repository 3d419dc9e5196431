"""kg/schema.py: what comes from outside is of the right type, in range and finite, or refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import schema
from kg.errors import SightGraphError

HOSTILE: list[Any] = [
    None, True, "", "\ud800", "nan", "often", [], [1], {}, {"a": 1},
    math.nan, math.inf, -math.inf, 1e308, -5, 7, 10**400,
]  # fmt: skip
"""Values that stand in files where a number between 0 and 1 should."""


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_what_is_no_share_is_refused_and_named(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^score is "):
        schema.share(value, "score")


@given(st.floats(0, 1))
def test_a_share_is_kept_and_may_be_spelt(value: float) -> None:
    assert schema.share(value, "score") == schema.share(repr(value), "score") == value


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=6))
def test_a_box_has_four_finite_numbers_or_is_refused(value: Any) -> None:
    try:
        found = schema.corners(value, "box")
    except ValueError:
        return
    assert len(found) == 4
    assert all(map(math.isfinite, found))


@pytest.mark.parametrize("value", [[[2, 1]], [[-1, 1]], [[1]], [[0, math.inf]], "now", [1, 2]])
def test_an_interval_that_ends_before_it_starts_is_refused(value: Any) -> None:
    assert schema.intervals([[0, 1.5], [2, 2]], "intervals") == ((0.0, 1.5), (2.0, 2.0))
    with pytest.raises(ValueError, match="intervals is"):
        schema.intervals(value, "intervals")


@pytest.mark.parametrize("value", [1.5, -1, 11, "x", None])
def test_an_integer_out_of_range_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="side is"):
        schema.whole(value, "side", most=10)


def test_an_empty_text_is_refused_where_it_must_not_be() -> None:
    assert schema.text("", "label") == ""
    with pytest.raises(ValueError, match="label is empty"):
        schema.text(" ", "label", empty=False)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{\n oops", "line 2"),
        (b"1" * 5000, "number"),
        (b"[" * 100_000, "deeply"),
        (b'"\xff"', "UTF-8"),
    ],
    ids=["broken", "5,000 digits", "deep", "latin-1"],
)
def test_json_that_cannot_be_used_is_refused_with_the_file(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "own.json"
    file.write_bytes(content)
    with pytest.raises(SightGraphError, match=reason) as found:
        schema.read_json(file)
    assert "own.json" in str(found.value)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps([1]).encode())
    assert schema.read_json(file) == [1]

"""pipelines/dialog/turns.py: marks stay where they belong; turns survive JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.dialog.turns import (
    Action,
    Change,
    MarkedText,
    Reference,
    Referent,
    Turn,
    TurnKind,
)

CUP = Reference("it", "cup", ("object:1",))
TURN = Turn(
    "Is it red?",
    TurnKind.QUESTION,
    "yes",
    MarkedText("Is it red?").with_reference(3, 5, "the cup", CUP),
    (CUP,),
    0.5,
    "seen",
    (Referent("cup", ("object:1",)),),
    (Change(Action.NAME, "object:1", value="cup"),),
    ("object:1",),
)


def test_a_turn_is_read_back_from_json() -> None:
    assert Turn.of_json(json.loads(json.dumps(TURN.as_json()))) == TURN


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "song"},
        {"confidence": 2},
        {"marks": [[0, 99, "a", "b", []]]},
        {"marks": [[5, 2, "a", "b", []]]},
        {"focus": [["cup", [], 1, False, False]]},
        {"changes": [["explode", "", "", ""]]},
        {"changes": [["name", "a", "b", "c"]] * 101},
        {"said": "\ud800"},
        {"reply": None},
    ],
)
def test_broken_turns_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Turn.of_json({**TURN.as_json(), **wrong})


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.data())
def test_a_mark_keeps_its_words_when_the_text_around_it_changes(
    before: str, after: str, new: str, data: st.DataObject
) -> None:
    text = MarkedText(f"{before}it{after}")
    marked = text.with_reference(len(before), len(before) + 2, "the cup", CUP)
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    changed = marked.replaced(start, end, MarkedText(new))
    (mark,) = changed.marks
    assert changed.text[mark.start : mark.end] == "the cup"
    assert changed.at((mark.start, mark.end)) == CUP
    assert changed.part(mark.start, mark.end) == MarkedText(
        "the cup", marked.part(len(before), len(before) + 7).marks
    )


def test_a_reference_says_what_it_is() -> None:
    assert str(CUP) == "it = cup (object 1)"
    assert str(Reference("they", "dogs", ("object:0", "object:2"))) == "they = dogs (objects 0, 2)"
    assert str(Reference("it", "frisbee", ("https://sightgraph.org/kg/frisbee",))) == "it = frisbee"

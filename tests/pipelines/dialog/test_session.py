"""pipelines/dialog/session.py: one dialog from question to question, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SightGraphError
from kg.formats.json import as_json
from pipelines.answering.evidence import DONT_KNOW
from pipelines.corrected import CorrectedGraph
from pipelines.dialog import Dialog, Rules, TurnKind
from pipelines.dialog.saved import document_of
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph

Begin = Callable[[], Dialog]
LINES = (
    "What animal is the left dog?", "Is it a mammal?", "No, that is a horse.", "What does it eat?",
    "and the cup?", "why?", "there are two cups", "the cup is made of glass", "What is it made of?",
    "how many of them are there?", "there is no person", "the dog is brown", "the other one?",
    "it's not a dog", "hello", "No.", "\x1b[31mred", "a" * 2001, "\ud800", "Was ist das hier?",
    "'; DROP TABLE dialogs; --", "{{7*7}}", "they", "? ? ?", "it it it",
)  # fmt: skip


def say(dialog: Dialog, line: str) -> None:
    """Say a line, whatever comes of it."""
    with contextlib.suppress(SightGraphError):
        dialog.ask(line)


@settings(max_examples=12)
@given(lines=st.lists(st.sampled_from(LINES), max_size=5))
def test_undo_after_any_sequence_gives_back_exactly_what_was_there(
    begin: Begin, lines: list[str]
) -> None:
    dialog = begin()
    before = []
    for line in lines:
        state = as_json(dialog.graph), document_of(dialog)
        count = len(dialog.turns)
        say(dialog, line)
        if len(dialog.turns) > count:
            before.append(state)
        else:
            assert (as_json(dialog.graph), document_of(dialog)) == state
    while before:
        assert dialog.undo() is not None
        assert (as_json(dialog.graph), document_of(dialog)) == before.pop()
    assert dialog.undo() is None


def test_a_first_question_is_answered_as_by_ask(
    sightgraph: SightGraph, photo: Photo, begin: Begin
) -> None:
    for question in (
        "Is the dog a mammal?",
        "How many dogs are there?",
        "What is the cup made of?",
    ):
        turn, answer = begin().ask(question), sightgraph.ask(photo, question)
        assert (turn.reply, turn.confidence) == (answer.text, answer.confidence)
        assert turn.answer is not None
        assert turn.answer.candidates == answer.candidates


def test_evidence_says_which_object_it_rests_on(begin: Begin) -> None:
    dialog = begin()
    dialog.ask("What colour is the right dog?")
    turn = dialog.ask("Is it a mammal?")
    assert turn.cited == ("object:1",)
    assert "the dog [220, 120, 300, 220]" in dialog.why()


def test_why_repeats_what_the_last_answer_rests_on(begin: Begin) -> None:
    dialog = begin()
    assert dialog.why() == ""
    dialog.ask("Is the dog a mammal?")
    reason = dialog.why()
    turn = dialog.ask("why?")
    assert turn.kind == TurnKind.WHY
    assert turn.reply == reason
    assert dialog.ask("Are you sure?").reply == reason
    assert [str(one) for one in dialog.ask("What does it eat?").references] == [
        "it = dog (object 0)"
    ]


def test_without_references_each_question_stands_alone(
    sightgraph: SightGraph, photo: Photo
) -> None:
    dialog = Dialog.about(sightgraph, photo, rules=Rules(references=False, corrections=False))
    for line in ("What is the cup used for?", "What is it made of?", "there are two cups"):
        turn = dialog.ask(line)
        assert not turn.references
        assert not turn.changes
    assert dialog.scene == Dialog.about(sightgraph, photo).scene


def test_a_dialog_about_a_corrected_graph_needs_no_photograph(
    sightgraph: SightGraph, photo: Photo
) -> None:
    scene = sightgraph.graph(photo)
    dialog = Dialog.about(sightgraph, None, CorrectedGraph(scene))
    assert dialog.scene == scene
    assert dialog.ask("How many dogs are there?").reply == "2"
    with pytest.raises(SightGraphError, match="photograph or a graph"):
        Dialog.about(sightgraph, None)


def test_a_reader_gives_the_answers(sightgraph: SightGraph, photo: Photo) -> None:
    def reader(answer, photo):  # type: ignore[no-untyped-def]
        return replace(answer, text=DONT_KNOW)

    dialog = Dialog.about(sightgraph, photo, reader=reader)  # type: ignore[arg-type]
    assert dialog.ask("Is the dog a mammal?").reply == DONT_KNOW


def test_a_dialog_ends_somewhere(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.dialog.session.MAX_TURNS", 1)
    dialog = begin()
    dialog.ask("Is there a dog?")
    with pytest.raises(SightGraphError, match="at most 1 turns"):
        dialog.ask("Is there a cat?")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How do you know that?", TurnKind.WHY),
        ("Are you sure?", TurnKind.WHY),
        ("Do you know what the cup is made of?", TurnKind.QUESTION),
    ],
)
def test_only_what_asks_for_reasons_gets_them(begin: Begin, text: str, kind: TurnKind) -> None:
    dialog = begin()
    dialog.ask("What animal is the left dog?")
    assert dialog.ask(text).kind == kind

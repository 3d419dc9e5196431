"""pipelines/dialog/ellipsis.py: a fragment is completed by the question before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kg.errors import SightGraphError
from pipelines.dialog import Dialog

Begin = Callable[[], Dialog]


@pytest.mark.parametrize(
    ("first", "fragment", "asked"),
    [
        ("What colour is the cup?", "What about the table?", "What colour is the table?"),
        (
            "What is the cup used for?",
            "And the dining table?",
            "What is the dining table used for?",
        ),
        ("What is a cup made of?", "a plate?", "What is a plate made of?"),
        ("How many dogs are there?", "and cups?", "How many cups are there?"),
        ("What is found in a kitchen?", "and in a bathroom?", "What is found in a bathroom?"),
        ("Is a bird next to the cup?", "behind the table?", "Is a bird behind the table?"),
        ("Is the dog brown?", "Black?", "Is the dog black?"),
        ("Is there a cat?", "and a horse?", "Is there a horse?"),
        ("What is the cup used for?", "what colour?", "what colour is the cup?"),
        ("What colour is the cup?", "where?", "where is the cup?"),
        ("What colour is the dog?", "how many?", "how many dogs are there?"),
        ("Is the cup an animal?", "a dish?", "Is the cup a dish?"),
        (
            "What colour is the left dog?",
            "What about the right one?",
            "What colour is the right dog?",
        ),
    ],
)
def test_what_is_missing_is_taken_from_the_last_question(
    begin: Begin, first: str, fragment: str, asked: str
) -> None:
    dialog = begin()
    dialog.ask(first)
    assert dialog.ask(fragment).asked.text == asked


def test_a_fragment_of_a_fragment_is_completed(begin: Begin) -> None:
    dialog = begin()
    for line in ("What colour is the cup?", "and the table?"):
        dialog.ask(line)
    assert dialog.ask("And the dog?").asked.text == "What colour is the dog?"


def test_a_reference_in_a_fragment_is_resolved_first(begin: Begin) -> None:
    dialog = begin()
    for line in ("What colour is the dining table?", "What is the cup used for?"):
        dialog.ask(line)
    turn = dialog.ask("And its handle?")
    assert turn.asked.text == "What is the cup's handle used for?"


def test_greetings_are_no_questions(begin: Begin) -> None:
    dialog = begin()
    for line in ("hello", "ok", "!!!"):
        with pytest.raises(SightGraphError, match="neither a question nor a correction"):
            dialog.ask(line)
    assert not dialog.turns

"""pipelines/dialog/references.py: a pronoun is the nearest thing that agrees with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.dialog import Dialog

Begin = Callable[[], Dialog]


def last(dialog: Dialog, *lines: str) -> tuple[str, list[str]]:
    """Return what the last of `lines` was understood to ask, and its references."""
    for line in lines:
        turn = dialog.ask(line)
    return turn.asked.text, [str(one) for one in turn.references]


@pytest.mark.parametrize(
    ("lines", "asked", "references"),
    [
        (
            ("What is the cup used for?", "What is it made of?"),
            "What is the cup made of?",
            ["it = cup (object 3)"],
        ),
        (
            ("Is there a person?", "What is he doing?"),
            "What is the person doing?",
            ["he = person (object 2)"],
        ),
        (
            ("How many dogs are there?", "What colour are they?"),
            "What colour are the dogs?",
            ["they = dogs (objects 0, 1)"],
        ),
        (
            ("How many dogs are there?", "How many of them are brown?"),
            "How many dogs are brown?",
            ["of them = dogs (objects 0, 1)"],
        ),
        (
            ("What is the cup used for?", "What colour is its handle?"),
            "What colour is the cup's handle?",
            ["its = cup (object 3)"],
        ),
        (
            ("What colour is the left dog?", "What colour is the other one?"),
            "What colour is the other dog?",
            ["the other one = dog (object 1)"],
        ),
        (
            ("What is the cup used for?", "Is that red?"),
            "Is the cup red?",
            ["that = cup (object 3)"],
        ),
        (
            ("What colour is the right dog?", "What does it eat?"),
            "What does the dog eat?",
            ["it = dog (object 1)"],
        ),
    ],
)
def test_words_refer_to_the_nearest_that_agrees(
    begin: Begin, lines: tuple[str, ...], asked: str, references: list[str]
) -> None:
    assert last(begin(), *lines) == (asked, references)


def test_it_is_no_person_and_he_is_no_cup(begin: Begin) -> None:
    dialog = begin()
    dialog.ask("What colour is the cup?")
    dialog.ask("Where is the person?")
    assert last(dialog, "What is it made of?")[1] == ["it = cup (object 3)"]
    assert last(dialog, "What is he holding?")[1] == ["he = person (object 2)"]


def test_an_answer_is_what_it_refers_to(begin: Begin) -> None:
    dialog = begin()
    first = dialog.ask("What is on the table?")
    assert first.reply == "cup"
    assert last(dialog, "What is it used for?")[1] == ["it = cup (object 3)"]


def test_the_left_one_is_of_the_kind_that_was_spoken_of(begin: Begin) -> None:
    dialog = begin()
    asked, _ = last(dialog, "How many dogs are there?", "What colour is the left one?")
    assert asked == "What colour is the left dog?"
    assert last(dialog, "What does it eat?")[1] == ["it = dog (object 0)"]


def test_which_animal_is_this_keeps_its_words_and_knows_what_is_meant(begin: Begin) -> None:
    asked, references = last(begin(), "What colour is the right dog?", "What animal is this?")
    assert asked == "What animal is this?"
    assert references == ["this = dog (object 1)"]


def test_words_that_refer_to_nothing_stay_as_they_are(begin: Begin) -> None:
    assert last(begin(), "What is it?") == ("What is it?", [])
    assert last(begin(), "Is it raining?")[0] == "Is it raining?"

"""pipelines/dialog/corrections.py: a correction changes the graph for what follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kg.errors import SightGraphError
from kg.vocabulary import NodeKind
from pipelines.dialog import Dialog, TurnKind

Begin = Callable[[], Dialog]


def labels(dialog: Dialog) -> list[str]:
    return sorted(node.label for node in dialog.scene.nodes(NodeKind.OBJECT))


def said(dialog: Dialog, *lines: str) -> str:
    """Return the reply to the last of `lines`."""
    for line in lines:
        turn = dialog.ask(line)
    return turn.reply


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        (("What animal is the left dog?", "No, that is a horse.", "What animal is this?"), "horse"),
        (("What colour is the left dog?", "No, brown", "What colour is it?"), "brown"),
        (("the dog is black", "Is the dog black?"), "yes"),
        (("the dog is black", "Is the dog white?"), "no"),
        (("there are three cups", "How many cups are there?"), "3"),
        (("How many cups are there?", "no, two", "How many cups are there?"), "2"),
        (("there is no person", "Is there a person?"), "no"),
        (("there is no person", "How many people are there?"), "0"),
        (("there is a spoon", "Is there a spoon?"), "yes"),
        (("the cup is made of glass", "What is the cup made of?"), "glass"),
        (("the cup is made of glass", "Is the cup made of ceramic?"), "no"),
        (("the person is holding a phone", "What is the person holding?"), "phone"),
        (("How many dogs are there?", "the left one is black", "Is the left dog black?"), "yes"),
        (("the cup is on the floor", "Where is it?"), "floor"),
        (("the cup is under the table", "Is it under the table?"), "yes"),
        (("the table has three legs", "How many legs does the table have?"), "3"),
        (("What animal is the left dog?", "Not a dog, a cat.", "Is it a cat?"), "yes"),
        (("there is a spoon on the table", "How many spoons are there?"), "1"),
        (("the left dog is a horse", "Is the horse a dog or a horse?"), "horse"),
        (("the cup is red", "Is the cup red or blue?"), "red"),
        (("the cup is gray", "Is the cup gray?"), "yes"),
    ],
)
def test_what_was_stated_is_the_answer(begin: Begin, lines: tuple[str, ...], reply: str) -> None:
    assert said(begin(), *lines) == reply


def test_a_horse_has_the_facts_of_horses(begin: Begin) -> None:
    dialog = begin()
    assert said(dialog, "What colour is the right dog?", "That is a horse", "Is it a dog?") == "no"
    assert labels(dialog) == ["cup", "dining table", "dog", "horse", "person"]
    assert dialog.ask("Is it a hoofed animal?").reply == "yes"


def test_of_several_the_weakest_are_not_there(begin: Begin) -> None:
    dialog = begin()
    turn = dialog.ask("there is only one dog")
    assert turn.kind == TurnKind.CORRECTION
    assert "object:0" in dialog.scene
    assert "object:1" not in dialog.scene


def test_a_denied_name_becomes_another_or_unknown(begin: Begin) -> None:
    dialog = begin()
    dialog.ask("What colour is the left dog?")
    dialog.ask("It is not a dog")
    assert labels(dialog).count("dog") == 1
    dialog.ask("What colour is the cup?")
    dialog.ask("that's not a cup")
    assert dialog.ask("Is there a cup?").reply == "no"


def test_instead_of_names_what_is_wrong(begin: Begin) -> None:
    dialog = begin()
    dialog.ask("that's a bottle, not a cup")
    assert "bottle" in labels(dialog)
    assert "cup" not in labels(dialog)


def test_what_the_graph_holds_already_changes_nothing(begin: Begin) -> None:
    dialog = begin()
    before = dialog.scene
    assert said(dialog, "What colour is the left dog?", "that is an animal") == (
        "The graph holds that already."
    )
    assert dialog.scene == before


@pytest.mark.parametrize(
    "text",
    [
        "No.",
        "the spoon is blue",
        "there are 700 dogs",
        "there are not two cups",
        "there are twenty cups",
        "there is no cup on the table",
        "no, nope",
    ],
)
def test_what_cannot_be_changed_is_said(begin: Begin, text: str) -> None:
    dialog = begin()
    dialog.ask("What colour is the dog?")
    graph = dialog.graph
    with pytest.raises(SightGraphError):
        dialog.ask(text)
    assert dialog.graph == graph

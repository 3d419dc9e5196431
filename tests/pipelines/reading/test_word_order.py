"""pipelines/reading/word_order.py: a question about what is named first is read as one clause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reading.parser import Parser
from pipelines.reading.word_order import in_order

MOVED = [
    ("the stuff in the tank, where do they get it", "where do they get the stuff in the tank"),
    ("that bird, what are its babies called?", "that bird, what are its babies called?"),
    ("that bird, what's its name?", "what's the name of that bird?"),
    ("there's a dog at the back, what is it doing", "what is the dog at the back doing"),
    ("theres some juice there, is it cold", "is the juice there cold"),
    ("the beads, what animal would those be from", "what animal would the beads be from"),
    ("the small ones, what do they eat?", "what do the small ones eat?"),
    ("Those two, from which country are they?", "from which country are Those two?"),
    ("any milk in the cup?", "is there any milk in the cup?"),
    ("color of his hat", "what is the color of his hat"),
]


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser()


@pytest.mark.parametrize(("typed", "full"), MOVED)
def test_the_thing_takes_the_place_of_its_pronoun(typed: str, full: str) -> None:
    assert in_order(typed) == full


@pytest.mark.parametrize(
    "text",
    [
        "What is the dog doing?",
        "in winter, what do they eat?",
        "is it red, or is it blue",
        "the dog runs, the cat sleeps.",
        "the dog, which is black, has it",
        "the red one, what sport is this thing for",
        "any idea what it is",
        "Any dog can swim",
        "Any two of the boys.",
        "The color of the bus is the color of what?",
        "color of the bus, what is it called",
        "A man, who holds it, smiles.",
        "",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert in_order(text) == text


@pytest.mark.parametrize(("typed", "full"), [MOVED[0], MOVED[3], MOVED[5], MOVED[8], MOVED[9]])
def test_it_is_read_like_the_full_question(parser: Parser, typed: str, full: str) -> None:
    assert parser(typed) == parser(full)
    assert parser(typed).question is not None


@given(st.text(alphabet="the ist,?whado", max_size=40))
def test_nothing_is_put_back_twice(text: str) -> None:
    assert in_order(in_order(text)) == in_order(text)

"""pipelines/dialog/statements.py: what a statement says, by its form."""

from __future__ import annotations

import pytest

from pipelines.dialog.statements import (
    Form,
    Statement,
    is_statement,
    read_statement,
    without_refusal,
)
from pipelines.reading.parser import Parser


def read(parser: Parser, text: str) -> Statement:
    found = read_statement(parser(without_refusal(parser(text))))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No, that is a horse.", Statement(Form.KIND, "that", name="horse")),
        ("It's not a dog", Statement(Form.KIND, "It", True, "dog")),
        ("that's a cat, not a dog", Statement(Form.KIND, "that", name="cat", instead_of="dog")),
        ("It is not a dog but a cat", Statement(Form.KIND, "It", name="cat", instead_of="dog")),
        ("there are two cups", Statement(Form.THERE, name="cup", several=True, number=2)),
        ("There is no person.", Statement(Form.THERE, negated=True, name="person", number=0)),
        ("there isn't a person", Statement(Form.THERE, negated=True, name="person", number=0)),
        (
            "Actually, there is another dog",
            Statement(Form.THERE, name="dog", also=True),
        ),
        (
            "there is a spoon on the table",
            Statement(Form.THERE, name="spoon", relation="on", object="table"),
        ),
        (
            "the cup is made of glass",
            Statement(Form.RELATION, "the cup", relation="made of", object="glass"),
        ),
        ("the dog is brown", Statement(Form.PROPERTY, "the dog", name="brown")),
        (
            "the man holds a score",
            Statement(Form.RELATION, "the man", relation="holds", object="score"),
        ),
        ("the left dog is not black", Statement(Form.PROPERTY, "the left dog", True, "black")),
        (
            "the dog is on the sofa",
            Statement(Form.RELATION, "the dog", relation="on", object="sofa"),
        ),
        (
            "the man is holding a phone",
            Statement(Form.RELATION, "the man", relation="holding", object="phone"),
        ),
        (
            "the cup is not made of ceramic",
            Statement(Form.RELATION, "the cup", True, relation="made of", object="ceramic"),
        ),
        (
            "it has four legs",
            Statement(Form.RELATION, "it", relation="has", object="leg", number=4),
        ),
        ("Not a dog, a cat.", Statement(Form.BARE, name="cat", instead_of="dog")),
        ("No, there are two.", Statement(Form.BARE, name="two", number=2)),
        ("no, two", Statement(Form.BARE, name="two", number=2)),
        ("No, a horse", Statement(Form.BARE, name="horse")),
        ("wrong, brown", Statement(Form.BARE, name="brown")),
    ],
)
def test_forms_are_read(parser: Parser, text: str, expected: Statement) -> None:
    assert is_statement(parser(text))
    assert read(parser, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Is that a horse?",
        "what is it",
        "and the dog?",
        "the left one",
        "How many are there?",
        "why",
    ],
)
def test_questions_and_fragments_are_no_statements(parser: Parser, text: str) -> None:
    assert not is_statement(parser(text))


@pytest.mark.parametrize(
    "text", ["there are twenty cups", "there are 1000 cups", "there are a dozen cups"]
)
def test_a_number_that_is_not_read_is_no_other_number(parser: Parser, text: str) -> None:
    assert read_statement(parser(text)) is None


def test_a_denied_number_stays_denied(parser: Parser) -> None:
    assert read(parser, "They are not two") == Statement(Form.BARE, negated=True, number=2)


def test_nothing_is_read_of_a_bare_refusal(parser: Parser) -> None:
    assert is_statement(parser("No."))
    assert without_refusal(parser("No.")) == ""
    assert read_statement(parser("That is wrong")) is None

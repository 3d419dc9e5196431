"""pipelines/reading/written.py: which questions ask for something that is written."""

from __future__ import annotations

import pytest

from pipelines.reading.parser import Parser
from pipelines.reading.written import KIND_OF, NOUNS, written_kind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What does the sign say?", "words"),
        ("What is the sign saying?", "words"),
        ("What is written on the wall?", "words"),
        ("What does the shirt read?", "words"),
        ("What letters are painted on the plane?", "words"),
        ("Does the sign say stop?", "words"),
        ("What number is on the bus?", "number"),
        ("What is the number of the bus?", "number"),
        ("What's the license plate number?", "number"),
        ("What is the speed limit?", "number"),
        ("What time does the clock show?", "time"),
        ("What is the name of the shop?", "name"),
        ("Which brand is the laptop?", "brand"),
        ("Who is the manufacturer of this car?", "brand"),
    ],
)
def test_a_question_for_something_written_says_of_what_kind(
    parser: Parser, question: str, kind: str
) -> None:
    assert written_kind(parser(question)) == kind


@pytest.mark.parametrize(
    "question",
    [
        "What is the man reading?",
        "What is the number of dogs?",
        "How many letters are on the sign?",
        "What time of day is it?",
        "What kind of sign is this?",
        "What is the sign used for?",
        "What are the bowls made of?",
        "What is this animal called?",
        "Is there a clock on the wall?",
        "Which of these animals can swim?",
    ],
)
def test_other_questions_do_not(parser: Parser, question: str) -> None:
    assert written_kind(parser(question)) is None


def test_a_statement_asks_for_nothing(parser: Parser) -> None:
    assert written_kind(parser("a sign with a number on it")) is None


def test_each_noun_is_of_one_kind() -> None:
    assert len(KIND_OF) == sum(map(len, NOUNS.values()))

"""pipelines/reading/constraints.py: what narrows down the things that a text names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.evaluate import Source
from pipelines.evaluate.reading.parser import QuestionParsingEvaluator
from pipelines.reading.constraints import comparison_of, options_of
from pipelines.reading.parser import Parser

CASES = Path(__file__).parents[1] / "question_cases.json"
LEAST_EXACT = {"development": 0.83, "unseen": 0.77}
"""A little below what was reached when the analysis was finished."""
WORDS = (
    "what which is are the largest red second other dog cup left right on in top corner of from "
    "that not without ? middle second eat older than two things picture 's does how many"
)


def constraints(parser: Parser, text: str) -> list[tuple[str, str]]:
    question = parser(text).question
    assert question is not None
    return [(one.kind, one.value) for one in question.constraints]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What is the red cup used for?", [("attribute", "red")]),
        ("What colour is the car on the left?", [("position", "left")]),
        ("What does the second dog from the right eat?", [("order", "2 from right")]),
        ("What is the other cup made of?", [("other", "other")]),
        ("What does the animal that is on the sofa eat?", [("relation", "on")]),
        ("What is in the box?", []),
    ],
)
def test_constraints_are_found(parser: Parser, text: str, expected: list[tuple[str, str]]) -> None:
    assert constraints(parser, text) == expected


def test_superlative_and_comparative() -> None:
    largest, older = comparison_of("the largest dog"), comparison_of("Is he older than her?")
    assert largest is not None
    assert older is not None
    assert (largest.compared, largest.end_of_scale) == ("size", "most")
    assert (older.compared, older.end_of_scale) == ("age", "more")
    assert comparison_of("Is the interest rate in this picture?") is None


def test_two_hops_are_two_steps(parser: Parser) -> None:
    question = parser("What does the animal that is on the sofa eat?").question
    assert question is not None
    assert question.steps == ("on", "eat")


@pytest.mark.parametrize("part", sorted(LEAST_EXACT))
def test_most_questions_are_analysed_wholly_right(parser: Parser, part: str) -> None:
    evaluator = QuestionParsingEvaluator()
    figures = evaluator(parser, evaluator.dataset(Source(CASES))).figures
    assert figures[f"{part}: exact match"] >= LEAST_EXACT[part]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Can this cat fly or not?", ()),
        ("What do cats or dogs eat?", ()),
        ("What can be used to cut fruit or vegetables?", ()),
        ("which is faster the car or the train", ("car", "train")),
        ("What animal is this, a dog or a cat?", ("dog", "cat")),
        ("Is it a dog or a cat?", ("dog", "cat")),
    ],
)
def test_only_a_question_of_choice_has_options(text: str, options: tuple[str, ...]) -> None:
    assert options_of(text) == options


def test_there_are_two_hundred_cases() -> None:
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    texts = [one["question"] for part in cases.values() for one in part]
    assert len(set(texts)) == len(texts) == 200


@given(st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=14))
@settings(max_examples=60)
def test_spans_stay_inside_any_question(parser: Parser, drawn: list[str]) -> None:
    text = " ".join(drawn)
    sentence = parser(text)
    if sentence.question is None:
        return
    for one in sentence.question.constraints:
        assert 0 <= one.start < one.end <= len(text)
        assert one.entity is None or one.entity < len(sentence.entities)
        assert one.other is None or one.other < len(sentence.entities)

"""Questions in other languages are recognised, and no English one is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from pipelines.reading.language import check_english, foreign_language

ROOT = Path(__file__).resolve().parents[3]
FOREIGN = json.loads((Path(__file__).parent / "foreign_questions.json").read_text("utf-8"))
MIN_RECOGNISED = 0.95
NOT_DEVELOPMENT = ("sealed", "unseen")


def questions_in(value: Any) -> Iterator[str]:
    """Yield the questions of the development part, wherever the file holds them."""
    if isinstance(value, list):
        for one in value:
            yield from questions_in(one)
    elif isinstance(value, dict):
        if "question" in value and value.get("part") not in NOT_DEVELOPMENT:
            yield value["question"]
        for one in value.values():
            yield from questions_in(one)


def test_no_development_question_is_refused() -> None:
    files = (ROOT / "data" / "questions").glob("*.json")
    asked = [one for file in files for one in questions_in(json.loads(file.read_text("utf-8")))]
    assert len(asked) > 700
    assert [one for one in asked if foreign_language(one) is not None] == []


@pytest.mark.parametrize(
    "question",
    [
        "wat kinda dog is dis",
        "dog breed?",
        "Mona Lisa?",
        "is he any good at basketball",
        "can a penguin fly",
        "colour of teh car plz",
        "Was Vermeer the painter?",
        "is dat a cat or a dog",
        "how much does a croissant cost",
        "is the Schnauzer in Düsseldorf",
        "?",
        "42",
    ],
)
def test_short_misspelt_and_foreign_names_stay_english(question: str) -> None:
    assert foreign_language(question) is None


def test_questions_in_ten_other_languages_are_recognised() -> None:
    asked = [one for some in FOREIGN["questions"].values() for one in some]
    recognised = [foreign_language(one) is not None for one in asked]
    assert len(asked) == 60
    assert sum(recognised) / len(asked) >= MIN_RECOGNISED


def test_the_error_names_the_language_and_what_to_do() -> None:
    with pytest.raises(SightGraphError, match=r"not in English .*'de'.*--translate"):
        check_english("Welche Farbe hat das Auto?")
    check_english("What colour is the car?")


@pytest.mark.parametrize(
    "question",
    [
        "Is dit een hond of een kat?",
        "Wo kommt der Hund her?",
        "Ce culoare are mașina?",
        "Hva brukes dette for?",
    ],
)
def test_a_word_that_english_shares_makes_no_question_english(question: str) -> None:
    assert foreign_language(question) is not None

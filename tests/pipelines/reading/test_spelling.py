"""pipelines/reading/spelling.py: small words as people type them are read in full."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reading.parser import Parser
from pipelines.reading.spelling import spelt_out
from pipelines.reading.wordings import paired


@pytest.fixture(scope="module")
def parser() -> Parser:
    return Parser()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("waht is it made of", "what is it made of"),
        ("wich animal has a tail?", "which animal has a tail?"),
        ("is tehre a dog", "is there a dog"),
        ("wat kinda dog is dis", "what kind of dog is this"),
        ("what r they doing", "what are they doing"),
    ],
)
def test_what_is_typed_is_read_as_it_is_meant(parser: Parser, typed: str, meant: str) -> None:
    read = parser(typed)
    assert read == parser(meant)
    assert read.question is not None


@pytest.mark.parametrize(
    "text",
    [
        "Is this Angkor Wat?",
        "what does R stand for",
        "is this a u-turn",
        "is that a u or the r of a name",
        "what is written after 'r2'",
        "who bought the DIS-40",
        "",
    ],
)
def test_names_and_signs_stay_as_they_are(text: str) -> None:
    assert spelt_out(text) == text


def test_the_beginning_keeps_its_capital() -> None:
    assert spelt_out(" Waht's that? (wich one)") == " What's that? (which one)"


def test_no_word_is_spelt_out_to_one_that_is_spelt_out_again() -> None:
    for full in paired("spelling", "words").values():
        assert spelt_out(full) == full


@given(st.text(alphabet="wahtr u'?-(.TU", max_size=30))
def test_spelling_twice_changes_nothing_more(text: str) -> None:
    assert spelt_out(spelt_out(text)) == spelt_out(text)

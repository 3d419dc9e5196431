"""kg/english.py: names as people write them, brought to one form."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg.english import base_forms, normalise, singular_forms
from pipelines.detectors.coco_classes import COCO_LABELS

ARTICLES = ["the", "a", "an", "this", "these", "some", "their", "his", "her"]
NAMES = st.sampled_from(COCO_LABELS)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("The Cat", "cat"),
        ("  fire \n hydrant ", "fire hydrant"),
        ("fire_hydrant", "fire hydrant"),
        ("A T-shirt!", "t-shirt"),
        ("“teddy bear”", "teddy bear"),
        ("dog, (brown)", "dog brown"),
        ("chef's knife", "chef's knife"),
        ("Käse", "käse"),
        ("anvil", "anvil"),
        ("theatre", "theatre"),
        ("", ""),
        ("!?", ""),
    ],
)
def test_names_lose_case_article_punctuation_and_spaces(written: str, name: str) -> None:
    assert normalise(written) == name


def test_both_kinds_of_apostrophe_are_the_same() -> None:
    assert normalise("chef\N{RIGHT SINGLE QUOTATION MARK}s knife") == "chef's knife"


@given(st.text())
def test_any_text_becomes_words_with_single_spaces(text: str) -> None:
    name = normalise(text)
    assert name == " ".join(name.split())
    assert "_" not in name
    assert all(one.isalnum() or one in " '-" or one.isnumeric() for one in name)


@given(st.text(st.sampled_from("thea n-'_.ABC")))
@example("The A Team")
@example("A. A. Milne")
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    # The grounder normalises twice, the index once: they must agree.
    assert normalise(normalise(text)) == normalise(text)


@given(NAMES, st.sampled_from(ARTICLES), st.sampled_from([" ", "  ", "\t", "_"]))
def test_article_and_spaces_do_not_matter(name: str, article: str, space: str) -> None:
    assert normalise(f"{article.title()}{space}{name.replace(' ', space)}.") == name


@given(st.text(st.characters(codec="ascii")))
def test_case_does_not_matter(text: str) -> None:
    assert normalise(text.upper()) == normalise(text.lower())


@pytest.mark.parametrize(
    ("written", "base"),
    [
        ("knives", "knife"),
        ("shelves", "shelf"),
        ("buses", "bus"),
        ("boxes", "box"),
        ("dishes", "dish"),
        ("benches", "bench"),
        ("potatoes", "potato"),
        ("cherries", "cherry"),
        ("firemen", "fireman"),
        ("fire hydrants", "fire hydrant"),
        ("two-wheeler", "two wheeler"),
        ("t-shirts", "t shirt"),
        ("running", "run"),
        ("stopped", "stop"),
        ("tried", "try"),
        ("watches", "watch"),
        ("typed", "typing"),
        ("agreed", "agreeing"),
        ("swim", "swimming"),
        ("eat", "eating"),
        ("play", "playing"),
        ("rode a horse", "riding horse"),
        ("swept the floor", "sweeping floor"),
        ("ate soup", "eating soup"),
        ("washed his hands", "washing hands"),
        ("brushes their teeth", "brushing teeth"),
        ("took photos", "taking photos"),
    ],
)
def test_base_forms_are_the_singular_the_infinitive_and_the_gerund(written: str, base: str) -> None:
    assert base in base_forms(written)


def test_doubled_s_is_no_plural() -> None:
    assert singular_forms("glass") == []
    assert "gla" not in base_forms("glass")


@given(st.text().map(normalise))
@example("")
@example("-")
@example("-5")
def test_base_forms_of_anything_are_other_names_each_once(name: str) -> None:
    found = base_forms(name)
    assert name not in found
    assert all(form.strip() for form in found)
    assert name.strip(" -") or found == []
    assert len(set(found)) == len(found)


@given(NAMES)
def test_regular_plural_and_singular_belong_together(name: str) -> None:
    if not name.endswith(("s", "fe", "man", "x", "ch", "sh", "y", "sheep", "broccoli")):
        assert name in base_forms(name + "s")

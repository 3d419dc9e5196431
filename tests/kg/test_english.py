"""kg/english.py: forms of names, nouns and verbs, and tokens."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg.english import (
    FUNCTION_WORDS,
    all_forms,
    base_forms,
    caption_tokens,
    normalise,
    noun_lemma,
    plural,
    singular_forms,
    singulars,
    stems,
    treebank_tokens,
    verb_lemma,
    verb_of,
    with_article,
)
from pipelines.detectors import COCO_LABELS

ARTICLES = ["the", "a", "an", "this", "these", "some", "their", "his", "her"]
PLURALS = ("skis", "scissors")
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
@example("\N{CAT}")
@example("\N{COPYRIGHT SIGN} cat")
def test_any_text_becomes_words_with_single_spaces_or_its_pictures(text: str) -> None:
    name = normalise(text)
    assert name == " ".join(name.split())
    assert "_" not in name
    pictures = bool(name) and all(unicodedata.category(one) == "So" for one in name)
    assert pictures or all(one.isalnum() or one in " '-" or one.isnumeric() for one in name)


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
    assert name.strip(" -") or found == ()
    assert len(set(found)) == len(found)


@given(NAMES)
def test_singulars_of_the_plural_hold_the_name(name: str) -> None:
    head, _, last = name.rpartition(" ")
    if last not in PLURALS:
        assert name in {f"{head} {one}".strip() for one in singulars(plural(name).split()[-1])}
        assert name in base_forms(plural(name)) or last in ("mouse", "person", "sheep")


@given(NAMES)
def test_a_plural_stays_and_takes_no_article(name: str) -> None:
    many = plural(name)
    assert with_article(many) == many or many.split()[-1] in ("mice", "people", "sheep")
    assert plural(many) == many or many.split()[-1] in ("mice", "people")


@pytest.mark.parametrize("word", ["feet", "mice", "people", "shelves", "women"])
def test_irregular_plurals_have_a_singular(word: str) -> None:
    one = {"feet": "foot", "mice": "mouse", "people": "person", "women": "woman"}
    assert one.get(word, "shelf") in singulars(word)


@given(NAMES)
def test_a_right_guess_of_the_lemmatiser_stays(name: str) -> None:
    last = name.split()[-1]
    if last not in PLURALS:
        assert noun_lemma(plural(last), last) in (last, "people")


@pytest.mark.parametrize(
    ("word", "guess", "lemma"),
    [
        ("scissors", "scissor", "scissors"),
        ("people", "person", "people"),
        ("shelves", "shelve", "shelf"),
        ("benches", "benche", "bench"),
        ("puppies", "puppi", "puppy"),
        ("grass", "grasse", "grass"),
    ],
)
def test_a_lemma_is_one_that_a_noun_can_have(word: str, guess: str, lemma: str) -> None:
    assert noun_lemma(word, guess) == lemma


@pytest.mark.parametrize(
    ("word", "guess", "lemma"),
    [
        ("roasting", "roaste", "roast"),
        ("riding", "rid", "ride"),
        ("running", "runn", "run"),
        ("lying", "lye", "lie"),
        ("string", "str", "string"),
    ],
)
def test_a_lemma_is_one_that_a_verb_can_have(word: str, guess: str, lemma: str) -> None:
    assert verb_lemma(word, guess) == lemma


@pytest.mark.parametrize("verb", ["ride", "run", "hold", "swing", "tie", "lie", "eat", "wave"])
def test_the_verb_of_a_gerund_is_the_verb(verb: str) -> None:
    doing = verb if verb == "swing" else base_forms(verb)[0]
    assert verb_of(doing) == verb


@given(st.text())
def test_all_forms_begin_with_the_name_and_have_each_once(text: str) -> None:
    forms = all_forms(text)
    assert forms[0] == normalise(text)
    assert len(set(forms)) == len(forms)


@pytest.mark.parametrize(
    ("noun", "many"),
    [
        ("cup", "cups"),
        ("bus", "buses"),
        ("person", "people"),
        ("scissors", "scissors"),
        ("teddy bear", "teddy bears"),
        ("toothbrush", "toothbrushes"),
        ("knife", "knives"),
    ],
)
def test_plurals(noun: str, many: str) -> None:
    assert plural(noun) == many


def test_articles() -> None:
    assert [with_article(noun) for noun in ("cup", "oven", "scissors")] == [
        "a cup",
        "an oven",
        "scissors",
    ]


def test_stems_leave_out_endings_and_function_words() -> None:
    assert stems("Riding the horses") == stems("rides a horse") == {"rid", "hors"}
    assert stems("What is it for?") == frozenset()
    assert stems("") == frozenset()


@given(st.text())
def test_any_text_has_stems_without_spaces(text: str) -> None:
    found = stems(text)
    assert all(stem and " " not in stem for stem in found)
    assert not {stem for stem in found if len(stem) > 3} & FUNCTION_WORDS


@given(st.text())
def test_words_are_lower_case_and_hold_all_signs_but_spaces(text: str) -> None:
    words = treebank_tokens(text)
    assert all(word == word.lower() and word.strip() == word != "" for word in words)
    together = text.lower().replace("\u2019", "'")
    assert "".join(words) == "".join(together.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't!", ["do", "n't", "!"]),
        ("the dog\u2019s bone", ["the", "dog", "'s", "bone"]),
        ("'red'", ["'", "red", "'"]),
        ("3.5 km", ["3", ".", "5", "km"]),
        ("n't", ["n't"]),
    ],
)
def test_contractions_are_cut_as_published_word_vectors_have_them(
    text: str, words: list[str]
) -> None:
    assert treebank_tokens(text) == words


@given(st.text(max_size=80))
def test_words_lie_where_they_say(caption: str) -> None:
    for word in caption_tokens(caption):
        assert caption[word.start : word.end].lower() == word.text


def test_a_name_of_pictures_alone_stays() -> None:
    assert normalise("🐈") == "🐈"
    assert normalise("cat 🐱") == "cat"
    assert normalise("?!") == ""

"""kg/linking.py: names to concepts, and an honest nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from kg.word_senses import bundled_words
from pipelines.detectors import COCO_LABELS


@pytest.fixture(scope="module")
def linker() -> Linker:
    return Linker(Knowledge.bundled())


@pytest.mark.parametrize(
    ("name", "label", "how"),
    [
        ("cat", "cat", "label"),
        ("The Cat", "cat", "label"),
        ("motorbike", "motorcycle", "alias"),
        ("motorcycles", "motorcycle", "lemma"),
        ("knives", "knife", "lemma"),
        ("gasoline", "petrol", "alias"),
    ],
)
def test_names_are_linked_by_label_alias_and_lemma(
    linker: Linker, name: str, label: str, how: str
) -> None:
    best = linker.link(name)[0]
    assert (best.label, best.how) == (label, how)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("motorcylce", "motorcycle"),
        ("surfbord", "surfboard"),
        ("elepant", "elephant"),
        ("girafffe", "giraffe"),
        ("Umbrela", "umbrella"),
        ("fire hidrant", "fire hydrant"),
        ("fier hidrant", "fire hydrant"),
    ],
)
def test_misspelt_words_are_corrected_and_are_less_sure(
    linker: Linker, name: str, label: str
) -> None:
    (best, *_) = linker.link(name)
    assert (best.label, best.how) == (label, "typo")
    assert best.score < linker.link(label)[0].score


@pytest.mark.parametrize(("word", "taken_for"), [("chess", "chest"), ("horde", "horse")])
def test_real_words_are_not_taken_for_misspelt_ones(
    linker: Linker, word: str, taken_for: str
) -> None:
    assert linker.link(word)[0].label == taken_for
    assert Linker(linker.knowledge, words={word}).link(word) == []
    assert Linker(linker.knowledge, words={"other"}).link(word)[0].label == taken_for


def test_known_words_are_not_corrected_to_others(linker: Linker) -> None:
    for name in ("boat", "coat", "bear", "pear", "fork", "cork"):
        assert all(one.how != "typo" for one in linker.link(name))


@pytest.mark.parametrize("name", ["kat", "dgo", "bsu"])
def test_words_of_three_letters_are_too_near_to_others_to_be_corrected(
    linker: Linker, name: str
) -> None:
    assert linker.link(name) == []


@pytest.mark.parametrize(
    "name", ["", "   ", "florb", "zzz qqq", "!?", "qwertyuiop asdfghjkl zxcvbnm", "☃"]
)
def test_what_nobody_knows_is_nil(linker: Linker, name: str) -> None:
    assert linker.link(name) == []
    assert linker.link(name, head=True) == []
    assert linker.best(name) == []


@pytest.mark.parametrize("name", ["-", "--", "-5", "- cat"])
def test_names_that_begin_with_a_hyphen_do_no_harm(linker: Linker, name: str) -> None:
    assert {one.label for one in linker.link(name, head=True)} <= {"cat"}


def test_the_last_word_helps_only_when_asked(linker: Linker) -> None:
    assert linker.link("striped florbish cat") == []
    (best, *_) = linker.link("striped florbish cat", head=True)
    assert (best.label, best.how) == ("cat", "head")
    assert best.score < linker.link("cat")[0].score


@pytest.mark.parametrize(
    ("phrase", "label"),
    [
        ("red fire hydrant on a street", "fire hydrant"),
        ("man with a hat", "man"),
        ("dog lying on the grass", "dog"),
        ("the cup of coffee", "cup"),
        ("motorcycles in front of the garage", "motorcycle"),
        ("cat that sleeps on the sofa", "cat"),
        ("horse standing in a field", "horse"),
        ("old wooden florbish chair near the window", "chair"),
        ("on the street", "street"),
    ],
)
def test_the_head_stands_before_the_preposition(linker: Linker, phrase: str, label: str) -> None:
    (best, *_) = linker.link(phrase, head=True)
    assert (best.label, best.how) == (label, "head")


def test_the_longest_known_part_is_the_head(linker: Linker) -> None:
    assert linker.link("huge florbish polar bear", head=True)[0].label == "polar bear"


def test_the_lemma_of_the_parser_helps(linker: Linker) -> None:
    assert linker.link("florbs") == []
    (best, *_) = linker.link("florbs", lemma="The Goose")
    assert (best.label, best.how) == ("goose", "lemma")


def test_every_coco_class_is_linked_by_its_label(linker: Linker) -> None:
    assert all(linker.link(name)[0].how == "label" for name in COCO_LABELS)


WORDS = st.sampled_from([*" ".join(COCO_LABELS).split(), "the", "on", "of", "florb", "carr", "x"])


@given(st.one_of(st.text(), st.lists(WORDS, max_size=5).map(" ".join)), st.booleans())
def test_any_text_gives_known_concepts_each_once_the_surest_first(
    linker: Linker, text: str, head: bool
) -> None:
    found = linker.link(text, head=head)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(0 <= one.score <= 1 for one in found)
    assert all(linker.knowledge.label(one.concept) == one.label for one in found)
    assert len({one.concept for one in found}) == len(found)
    assert linker.link(text, head=head) == found
    best = linker.best(text, head=head)
    assert best == found[: len(best)]
    assert {one.score for one in best} == {one.score for one in found[:1]}


@given(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), st.lists(WORDS, max_size=3))
def test_without_meanings_nothing_is_similar_and_context_changes_nothing(
    linker: Linker, name: str, context: list[str]
) -> None:
    found = linker.link(name, head=True, context=context)
    assert {one.how for one in found} <= {"label", "alias", "lemma", "typo", "head"}
    assert found == linker.link(name, head=True)


def test_only_what_is_written_so_is_known(linker: Linker) -> None:
    assert linker.knows("washing machines")
    assert not linker.knows("washing machin")
    assert not linker.knows("red couch")


def test_a_word_without_a_concept_of_its_name_has_that_of_its_sense() -> None:
    linker = Linker(Knowledge.bundled(), senses=bundled_words())
    (best, *_) = linker.link("fedora")
    assert (best.label, best.how) == ("hat", "sense")
    assert best.score < linker.link("hat")[0].score


@pytest.mark.parametrize(("word", "taken_for"), [("frock", "rock"), ("bandana", "banana")])
def test_words_of_wordnet_are_not_taken_for_misspelt_ones(word: str, taken_for: str) -> None:
    knowledge = Knowledge.bundled()
    assert Linker(knowledge).link(word)[0].label == taken_for
    assert taken_for not in [
        one.label for one in Linker(knowledge, senses=bundled_words()).link(word)
    ]


class Alike:
    """Every name is as near to every other."""

    def nearest(self, name: str, most: int = 5) -> list[tuple[str, float]]:
        return []

    def fits(self, concepts: Sequence[str], context: Sequence[str]) -> list[float]:
        return [0.5] * len(concepts)


@pytest.mark.parametrize(
    ("word", "longer", "found"),
    [
        ("glass", "drinking glass", True),
        ("orange", "orange colour", True),
        ("sheet", "paper", True),
        ("bike", "helmet", False),
        ("fuel", "diesel", False),
    ],
)
def test_a_longer_name_counts_if_the_word_is_its_main_word(
    word: str, longer: str, found: bool
) -> None:
    linker = Linker(Knowledge.bundled(), Alike())
    labels = [one.label for one in linker.link(word, context=["table"])]
    assert (longer in labels) == found

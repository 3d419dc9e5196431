"""kg/linking.py: names to concepts, and an honest nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.knowledge import Knowledge
from kg.linking import Linker
from kg.names import normalise, singular_forms
from pipelines.tasks.coco import COCO_LABELS


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


@pytest.mark.parametrize("name", ["", "   ", "florb", "zzz qqq", "!?"])
def test_what_nobody_knows_is_nil(linker: Linker, name: str) -> None:
    assert linker.link(name) == []
    assert linker.best(name) == []


def test_the_last_word_helps_only_when_asked(linker: Linker) -> None:
    assert linker.link("striped florbish cat") == []
    (best, *_) = linker.link("striped florbish cat", head=True)
    assert (best.label, best.how) == ("cat", "head")
    assert best.score < linker.link("cat")[0].score


def test_every_coco_class_is_linked_by_its_label(linker: Linker) -> None:
    assert all(linker.link(name)[0].how == "label" for name in COCO_LABELS)


@given(st.text())
def test_any_text_normalises_to_itself_again(text: str) -> None:
    once = normalise(text)
    assert once == once.strip()
    assert "  " not in once


@given(st.sampled_from(COCO_LABELS))
def test_a_regular_plural_finds_its_singular(label: str) -> None:
    if not label.endswith(("s", "fe", "man", "x", "ch", "sh", "y")):
        assert label in singular_forms(label + "s")

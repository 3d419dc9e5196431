"""kg/knowledge/fact_text.py: a fact in plain words is divided at its relation."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from kg.knowledge.fact_text import FactReader
from kg.knowledge.memory import Knowledge
from kg.vocabulary import RelationType

Read = tuple[str, str, str]


@pytest.fixture(scope="session")
def read(bundled: Knowledge) -> FactReader:
    return FactReader(bundled.relations)


def first(text: str, read: FactReader) -> Read:
    one = read(text)[0]
    assert one.text == text
    return one.subject, one.relation.label, one.object


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cat | used for | pest control", ("cat", "used for", "pest control")),
        ("cat|usedFor|pest control", ("cat", "used for", "pest control")),
        ("cat usedFor pest control", ("cat", "used for", "pest control")),
        ("a cat is used for pest control", ("a cat", "used for", "pest control")),
        ("  polar   bear eats moon dust ", ("polar bear", "eats", "moon dust")),
        ("whales are a kind", ("whales", "is a", "kind")),
        ("whale is an animal", ("whale", "is a", "animal")),
        ("banana is not crunchy", ("banana", "is not", "crunchy")),
        ("zebra can't graze", ("zebra", "cannot", "graze")),
        ("zebra can not graze", ("zebra", "cannot", "graze")),
        ("mouse eaten by owl", ("owl", "eats", "mouse")),
        ("can opener can rust", ("can opener", "can", "rust")),
        ("zebra | has legs | 6", ("zebra", "number of legs", "6")),
        ("zebra has 6 legs", ("zebra", "number of legs", "6")),
        ("pigeon | part of | magic show", ("pigeon", "part of", "magic show")),
        ("surfboard comes from Hawaii", ("surfboard", "comes from", "Hawaii")),
    ],
)
def test_a_fact_is_read_as_it_is_meant(read: FactReader, text: str, meant: Read) -> None:
    assert first(text, read) == meant


def test_what_is_part_of_something_is_also_what_that_has(read: FactReader) -> None:
    readings = read("wheel part of car")
    told = [(one.subject, one.relation.label, one.object) for one in readings]
    assert told == [("wheel", "part of", "car"), ("car", "has part", "wheel")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cat usedFro pest control", "Did you mean 'used for'?"),
        ("cat | usedFro | pest control", "Did you mean 'used for'?"),
        ("cat | eats", "three parts"),
        ("cat | eats | ", "three parts"),
        ("eats fish", "a subject, a relation and an object"),
        ("", "a subject, a relation and an object"),
        ("cat is not a mammal", "--unset 'cat | is a | mammal'"),
    ],
)
def test_what_is_no_fact_is_refused_with_a_way_out(
    read: FactReader, text: str, reason: str
) -> None:
    with pytest.raises(SightGraphError) as refused:
        read(text)
    assert reason in str(refused.value)
    assert text in str(refused.value)


@given(
    st.from_regex(r"[a-z]{2,8}( [a-z]{2,8})?", fullmatch=True),
    st.integers(0, 26),
    st.from_regex(r"[a-z0-9]{1,8}( [a-z]{2,8})?", fullmatch=True),
)
def test_bars_keep_any_words_apart(
    read: FactReader, subject: str, number: int, object_: str
) -> None:
    label = sorted(read.labels)[number]
    assert first(f"{subject} | {label} | {object_}", read) == (subject, label, object_)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(read: FactReader, text: str) -> None:
    try:
        readings = read(text)
    except SightGraphError:
        return
    assert readings
    assert all(one.subject.strip() and one.object.strip() for one in readings)


@pytest.mark.parametrize("words", [40, 50, 60, 100_000])
def test_many_plain_words_are_refused_at_once(words: int, read: FactReader) -> None:
    began = time.process_time()
    with pytest.raises(SightGraphError):
        read("what " * words)
    assert time.process_time() - began < 2


def test_between_bars_a_fact_may_be_long(read: FactReader) -> None:
    assert first(f"cat | used for | {'very ' * 200}much", read)[0] == "cat"


def test_a_relation_without_letters_spoils_no_other(bundled: Knowledge) -> None:
    nameless = RelationType("http://e/_", "-", "")
    reader = FactReader({**bundled.relations, nameless.iri: nameless})
    assert first("cat | used for | pest control", reader)[1] == "used for"

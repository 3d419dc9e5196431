"""pipelines/generate/wordings.py: wordings are filled with the names of things."""

from __future__ import annotations

import pytest

from kg.knowledge.memory import Knowledge
from pipelines.generate import wordings


@pytest.mark.parametrize(
    ("wording", "phrase", "text"),
    [
        ("what is its favourite food", "the dog", "What is the favourite food of the dog?"),
        ("what is its diet", "these dogs", "What is the diet of these dogs?"),
        ("what is its baby called", "a dog", "What is the baby of a dog called?"),
        ("where does its energy come from", "this", "Where does the energy of this come from?"),
        ("what is its diet", "it", "What is its diet?"),
        ("what does it have in it", "the dog", "What does the dog have in it?"),
        ("what does it have in it", "these cups", "What do these cups have in them?"),
        ("where does it spend its time", "the dog", "Where does the dog spend its time?"),
        ("what room is usual for it", "these beds", "What room is usual for these beds?"),
    ],
)
def test_a_phrase_stands_where_the_wording_says_it(wording: str, phrase: str, text: str) -> None:
    assert wordings.ask_about(wording, phrase) == text


@pytest.mark.parametrize(
    ("wording", "agreed"),
    [
        ("Is {s} {c}?", "Are {s} {c}?"),
        ("What colour is {s}?", "What colour are {s}?"),
        ("Do you think {s} is {o}?", "Do you think {s} are {o}?"),
        ("Which part of {s} is used for {o}?", "Which part of {s} is used for {o}?"),
        ("Is {o} a part of {s}?", "Is {o} a part of {s}?"),
        ("What does {s} use its {p} for?", "What do {s} use their {p} for?"),
    ],
)
def test_verbs_agree_with_several_things(wording: str, agreed: str) -> None:
    assert wordings.agreeing(wording, "those dogs") == agreed
    assert wordings.agreeing(wording, "the dog") == wording


def test_the_verb_of_an_activity_is_an_alias_that_is_no_gerund() -> None:
    knowledge = Knowledge.bundled()
    verbs = {
        name: wordings.bare_verb(knowledge, knowledge.named(name)[0])
        for name in ("singing", "swinging", "police work", "shovelling")
    }
    assert verbs == {
        "singing": "sing",
        "swinging": "swing",
        "police work": "do police work",
        "shovelling": "do shovelling",
    }


def test_names_of_masses_have_neither_article_nor_plural() -> None:
    assert [wordings.one_of(one) for one in ("cup", "furniture")] == ["a cup", "furniture"]
    assert not wordings.countable("wooden furniture")

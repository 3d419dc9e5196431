"""sightgraph parse: how a sentence was read, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result


def test_question_is_shown_with_what_it_asks_for(run: Callable[..., Result]) -> None:
    done = run("parse", "What is the red cup on the table used for?")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[0] == "What is the red cup on the table used for?"
    for line in ("cup 16-19 cup", "red 12-15 of cup", "cup on table", "relation used for"):
        assert line in lines


def test_json_holds_the_same_and_its_spans_point_into_the_text(run: Callable[..., Result]) -> None:
    text = "a man rides a brown horse"
    sentence = json.loads(run("parse", text, "--json").stdout)
    assert set(sentence) == {"text", "entities", "relations", "question", "tokens"}
    assert [one["lemma"] for one in sentence["entities"]] == ["man", "horse"]
    for one in sentence["entities"] + sentence["tokens"]:
        assert text[one["start"] : one["end"]] == one["text"]
    (relation,) = sentence["relations"]
    assert (relation["subject"], relation["predicate"], relation["object"]) == (0, "ride", 1)
    assert sentence["question"] is None


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_empty_sentence_is_a_mistake(mistake: Callable[..., str], text: str) -> None:
    assert "the sentence is empty" in mistake("parse", text)

"""pipelines/generate/wordings.py: wordings come from data, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError
from kg.files import bundled
from kg.knowledge.memory import Knowledge
from pipelines.generate import wordings

FILES = sorted(bundled("wordings").glob("*.yaml"))


def texts(node: Any) -> Iterator[tuple[str, str]]:
    """Yield tag and text of every scalar below a YAML node, after a check of its keys."""
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), "YAML silently drops the first of two equal keys"
        for pair in node.value:
            yield from (found for one in pair for found in texts(one))
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from texts(one)
    else:
        yield node.tag, node.value


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_says_what_it_is_for_and_holds_only_texts(file: Path) -> None:
    written = file.read_text(encoding="utf-8")
    assert written.startswith("# ")
    found = list(texts(yaml.compose(written, yaml.SafeLoader)))
    assert found
    assert {tag for tag, _ in found} == {"tag:yaml.org,2002:str"}


def test_tables_keep_the_order_of_the_file() -> None:
    assert wordings.listed("references", "several") == ("these {xs}", "those {xs}", "these {xs}")
    phrases = wordings.grouped("spatial_questions", "phrases")
    assert list(phrases)[:2] == ["near", "left of"]
    assert phrases["on"] == ("on", "on top of")
    sides = wordings.nested("finer_questions", "sides")
    assert sides["vertical"]["answers"] == ("top", "bottom")
    assert wordings.paired("daquar", "names")["refrigerator"] == "refridgerator"


def test_a_table_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(SightGraphError, match="Did you mean 'count'"):
        wordings.listed("questions", "counts")


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("table: [on]", "expected a text, not True. Put it in quotes"),
        ("table: word", "expected a list of texts, not 'word'"),
        ("table: [", "cannot read the wordings"),
        ("- table", "expected 'name: ...' lines"),
    ],
)
def test_a_file_of_another_form_is_an_error_that_names_it(
    written: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / f"{tmp_path.name}.yaml"  # another name for each, as files are cached
    file.write_text(written, encoding="utf-8")
    monkeypatch.setattr(wordings, "bundled", lambda *_: file)
    with pytest.raises(SightGraphError, match=complaint) as error:
        wordings.listed(file.stem, "table")
    assert file.name in str(error.value)


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

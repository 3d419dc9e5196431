"""pipelines/generate/worded_graphs.py: names around a question, found by exact name and kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_fusion.vocabulary_tensors import QUESTION
from pipelines.datasets.okvqa import OpenQuestion
from pipelines.generate.worded_graphs import WordedGraphs, worded_graphs


def asked(question: str, *seen: str) -> OpenQuestion:
    return OpenQuestion("1", "1", question, seen)


@pytest.fixture(scope="module")
def graphs() -> WordedGraphs:
    return WordedGraphs()


def test_facts_of_what_is_seen_and_of_what_is_said_are_near(graphs: WordedGraphs) -> None:
    found = graphs(asked("What sound does this animal make?", "cat", "sofa"))
    assert found.seen == ("cat", "sofa")
    assert {"meow", "purr"} & set(found.known)
    said = graphs(asked("Where does an umbrella belong?"))
    assert said.seen == ()
    assert said.known
    assert {source for source, *_ in said.edges} == {QUESTION}


def test_names_of_everything_bring_no_facts(graphs: WordedGraphs) -> None:
    found = graphs(asked("What is the person in the picture?", "man", "woman"))
    assert (found.known, found.edges) == ((), ())


def test_the_cache_gives_back_the_same_and_not_that_of_other_questions(tmp_path: Path) -> None:
    questions = [asked("What is it made of?", "cup"), asked("Who rides it?", "motorcycle")]
    cache = tmp_path / "graphs.jsonl"
    first = worded_graphs(questions, cache=cache)
    written = cache.read_bytes()
    assert worded_graphs(questions, cache=cache) == first
    assert cache.read_bytes() == written
    assert worded_graphs(questions[:1], cache=cache) == first[:1]

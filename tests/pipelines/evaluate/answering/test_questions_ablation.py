"""pipelines/evaluate/answering/questions.py: a source is taken away from a copy."""

from __future__ import annotations

from kg.vocabulary import EdgeKind, NodeKind
from pipelines.evaluate.answering.questions import ABLATIONS
from pipelines.sightgraph import SightGraph

QUESTION = "What powers this motorcycle?"


def test_without_the_photograph_nothing_is_seen(sightgraph: SightGraph) -> None:
    graph = ABLATIONS.resolve("photograph")(sightgraph).ask("example:motorcycle", QUESTION).graph
    assert graph.nodes(NodeKind.OBJECT) == graph.nodes(NodeKind.SCENE) == []
    assert graph.nodes(NodeKind.ENTITY)


def test_without_facts_nothing_is_known_and_none_is_cited(sightgraph: SightGraph) -> None:
    answer = ABLATIONS.resolve("facts")(sightgraph).ask("example:motorcycle", QUESTION)
    assert answer.graph.edges(EdgeKind.FACT) == []
    assert answer.evidence.facts == ()
    assert answer.text != "petrol"


def test_without_the_vocabulary_only_nodes_are_answers(sightgraph: SightGraph) -> None:
    bare = ABLATIONS.resolve("vocabulary")(sightgraph)
    answer = bare.ask("example:motorcycle", QUESTION)
    labels = {node.label for node in answer.graph.nodes()} | {"yes", "no"}
    assert {one.text for one in answer.guesses if not one.text.isdigit()} <= labels


def test_the_whole_stays_as_it_was(sightgraph: SightGraph) -> None:
    before = sightgraph.ask("example:motorcycle", QUESTION)
    for name in ABLATIONS:
        ABLATIONS.resolve(name)(sightgraph)
    after = sightgraph.ask("example:motorcycle", QUESTION)
    assert (after.text, after.confidence) == (before.text, before.confidence)
    assert before.text == "petrol"

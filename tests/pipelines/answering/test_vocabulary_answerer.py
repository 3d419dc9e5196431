"""pipelines/answering/vocabulary_answerer.py: what of the graph the vocabulary answerer reads."""

from __future__ import annotations

import pytest

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.vocabulary_tensors import QUESTION
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import IS_A, MEANS, EdgeKind, NodeKind
from pipelines.answering.vocabulary_answerer import (
    MAX_KNOWN,
    MAX_SEEN,
    MIN_SCORE,
    NamedFact,
    NamedGraph,
    Nearness,
    nearest_facts,
)


@pytest.fixture(scope="module")
def nearness() -> Nearness:
    return Nearness(TEXT_ENCODERS.make("minilm"))


def cat() -> SceneGraph:
    """A cat and a doubtful dog, seen; the cat's facts; the question's word for the cat."""
    graph = SceneGraph(text="What sound does this animal make?")
    graph.add(Node("object:0", NodeKind.OBJECT, "cat", "test", 0.9))
    graph.add(Node("object:1", NodeKind.OBJECT, "dog", "test", MIN_SCORE / 2))
    graph.add(Node("scene:kitchen", NodeKind.SCENE, "kitchen", "test", 0.2))
    graph.add(Node("entity:0", NodeKind.ENTITY, "animal", "parser", span=(16, 22)))
    for label in ("cat", "animal", "meow", "milk"):
        graph.add(Node(f"kg:{label}", NodeKind.CONCEPT, label, "test"))
    graph.connect(Edge("object:0", "kg:cat", EdgeKind.LINK, MEANS, "linker"))
    graph.connect(Edge("entity:0", "kg:animal", EdgeKind.LINK, MEANS, "linker"))
    graph.connect(Edge("kg:cat", "kg:milk", EdgeKind.FACT, "eats", "test"))
    graph.connect(Edge("kg:cat", "kg:meow", EdgeKind.FACT, "makes the sound", "test"))
    graph.connect(Edge("kg:cat", "kg:animal", EdgeKind.FACT, IS_A, "test", via=("feline",)))
    return graph


def test_sure_objects_and_scenes_are_seen_and_facts_bring_what_is_known(nearness: Nearness) -> None:
    found = NamedGraph.of(cat(), "What sound does this animal make?", nearness).without(())
    assert found.seen == ("cat", "kitchen")
    assert set(found.known) == {"meow", "milk", "animal"}
    assert found.known[0] == "meow", "the nearest to the question comes first"
    assert (0, 2, "makes the sound") in found.edges


def test_a_fact_between_two_things_that_are_seen_joins_them(nearness: Nearness) -> None:
    facts = [NamedFact(0, "found at", "sofa"), NamedFact(QUESTION, "eats", "cat")]
    found = nearest_facts("Where is it?", ("cat", "sofa"), facts, nearness)
    assert found.known == ()
    assert set(found.edges) == {(0, 1, "found at"), (QUESTION, 0, "eats")}


def test_a_deleted_fact_is_no_longer_read(nearness: Nearness) -> None:
    graph = cat()
    (sound,) = [edge for edge in graph.edges() if edge.relation == "makes the sound"]
    question = "What sound does this animal make?"
    found = NamedGraph.of(graph, question, nearness).without([sound])
    assert "meow" not in found.known
    for edge in graph.edges():
        rest = NamedGraph.of(graph.without(edge), question, nearness)
        assert NamedGraph.of(graph, question, nearness).without([edge]) == rest.without(())


def test_no_more_is_read_than_the_limits(nearness: Nearness) -> None:
    graph = SceneGraph()
    for number in range(2 * MAX_SEEN):
        graph.add(Node(f"object:{number}", NodeKind.OBJECT, f"thing {number}", "test", 0.9))
    graph.add(Node("kg:cup", NodeKind.CONCEPT, "cup", "test"))
    graph.connect(Edge("object:0", "kg:cup", EdgeKind.LINK, MEANS, "linker"))
    for number in range(2 * MAX_KNOWN):
        graph.add(Node(f"kg:{number}", NodeKind.CONCEPT, f"use {number}", "test"))
        graph.connect(Edge("kg:cup", f"kg:{number}", EdgeKind.FACT, "used for", "test"))
    found = NamedGraph.of(graph, "What is it for?", nearness).without(())
    assert (len(found.seen), len(found.known)) == (MAX_SEEN, MAX_KNOWN)


def test_an_inherited_fact_is_farther_than_the_same_one_stated(nearness: Nearness) -> None:
    stated, inherited = NamedFact(0, "eats", "mouse"), NamedFact(0, "eats", "mouse", True)
    near, far = nearness("What does it eat?", [stated, inherited])
    assert near > far

"""query.py: what the question's word means, and facts that answer equally well."""

from __future__ import annotations

import pytest

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import MEANS, EdgeKind, NodeKind
from pipelines.answering.query import denoted_by, equally_right


@pytest.fixture
def graph() -> SceneGraph:
    """ "What is the cup used for?", of a cup beside a bowl."""
    graph = SceneGraph(text="What is the cup used for?")
    graph.add(Node("entity:0", NodeKind.ENTITY, "cup", "parser", span=(12, 15)))
    for number, label in enumerate(("cup", "bowl")):
        graph.add(Node(f"object:{number}", NodeKind.OBJECT, label, "test", 0.9))
    for label in ("cup", "bowl", "drinking", "holding drinks", "eating", "ceramic"):
        graph.add(Node(f"kg:{label}", NodeKind.CONCEPT, label, "test"))
    graph.connect(Edge("entity:0", "object:0", EdgeKind.MENTION, MEANS, "grounder"))
    graph.connect(Edge("object:0", "object:1", EdgeKind.SPATIAL, "next to", "geometry"))
    for number, label in enumerate(("cup", "bowl")):
        graph.connect(Edge(f"object:{number}", f"kg:{label}", EdgeKind.LINK, MEANS, "linker"))
    for source, relation, target in (
        ("cup", "used for", "drinking"),
        ("cup", "used for", "holding drinks"),
        ("cup", "made of", "ceramic"),
        ("bowl", "used for", "eating"),
        ("bowl", "made of", "ceramic"),
    ):
        graph.connect(Edge(f"kg:{source}", f"kg:{target}", EdgeKind.FACT, relation, "test"))
    return graph


def test_a_word_means_its_object_and_the_objects_concept_and_nothing_beside(
    graph: SceneGraph,
) -> None:
    assert denoted_by(graph, "entity:0") == {"entity:0", "object:0", "kg:cup"}


def test_objects_of_one_relation_of_what_is_asked_about_are_equally_right(
    graph: SceneGraph,
) -> None:
    groups = equally_right(graph, "entity:0")
    assert set(groups) == {
        frozenset({"kg:drinking", "kg:holding drinks"}),
        frozenset({"kg:ceramic"}),
    }


@pytest.mark.parametrize("topic", [None, "entity:7"])
def test_without_a_topic_nothing_is(graph: SceneGraph, topic: str | None) -> None:
    assert denoted_by(graph, topic) == frozenset()
    assert equally_right(graph, topic) == ()


def test_meanings_in_a_circle_end(graph: SceneGraph) -> None:
    graph.connect(Edge("kg:cup", "kg:bowl", EdgeKind.LINK, MEANS, "test"))
    graph.connect(Edge("kg:bowl", "kg:cup", EdgeKind.LINK, MEANS, "test"))
    assert denoted_by(graph, "entity:0") == {"entity:0", "object:0", "kg:cup", "kg:bowl"}

"""pipelines/build/builder.py and grounding.py: one graph of what was seen, said and is known."""

from __future__ import annotations

import pytest

from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import MAX_OBJECTS, Detection, strongest
from pipelines.reading.parser import Parser

INFO = PhotoInfo("table.jpg", 640, 480)
CUP = Detection("cup", 0.9, "test", (100, 200, 200, 300))
SPOON = Detection("spoon", 0.7, "test", (210, 220, 300, 290))
TABLE = Detection("dining table", 0.8, "test", (0, 250, 640, 480))
DOG = Detection("dog", 0.6, "test", (500, 10, 600, 200))


def meant(graph: SceneGraph, word: str) -> list[str]:
    """Return the labels of the objects that `word` was found to mean, best first."""
    edges = [
        edge for edge in graph.edges(EdgeKind.MENTION) if graph.node(edge.source).label == word
    ]
    return [graph.node(e.target).label for e in sorted(edges, key=lambda e: -e.score)]


def test_objects_are_numbered_by_score_and_keep_their_boxes(builder: GraphBuilder) -> None:
    graph = builder(strongest([SPOON, CUP]), INFO)
    assert [(n.id, n.label, n.box) for n in graph.nodes(NodeKind.OBJECT)] == [
        ("object:0", "cup", CUP.box),
        ("object:1", "spoon", SPOON.box),
    ]


def test_every_node_and_edge_says_where_it_is_from(builder: GraphBuilder, parser: Parser) -> None:
    graph = builder([CUP, SPOON, TABLE, DOG], INFO, parser("a red cup next to the spoon"))
    assert all(node.origin and 0 <= node.score <= 1 for node in graph.nodes())
    assert all(edge.origin and 0 <= edge.score <= 1 for edge in graph.edges())
    for node in graph.nodes(NodeKind.ENTITY):
        assert node.span is not None
        assert graph.text is not None
        assert graph.text[slice(*node.span)].lower() in ("cup", "spoon")
    assert {edge.kind for edge in graph.edges()} == set(EdgeKind) - {EdgeKind.DIALOG}
    assert {node.kind for node in graph.nodes()} == {
        *(NodeKind.OBJECT, NodeKind.ATTRIBUTE, NodeKind.ENTITY, NodeKind.CONCEPT, NodeKind.LITERAL)
    }


def test_what_was_said_becomes_attributes_and_relations(
    builder: GraphBuilder, parser: Parser
) -> None:
    graph = builder([], INFO, parser("a red cup next to the spoon"))
    stated = {
        (graph.node(e.source).label, e.relation, graph.node(e.target).label)
        for e in graph.edges(EdgeKind.SEMANTIC)
    }
    assert {("cup", "is", "red"), ("cup", "next to", "spoon")} <= stated


@pytest.mark.parametrize(
    ("question", "word", "labels"),
    [
        ("Is this animal a mammal?", "animal", ["dog"]),
        ("What is the table made of?", "table", ["dining table"]),
        ("Is the spoon clean?", "spoon", ["spoon"]),
        ("Where is the elephant?", "elephant", []),
    ],
)
def test_words_mean_objects_by_label_synonym_and_category(
    builder: GraphBuilder, parser: Parser, question: str, word: str, labels: list[str]
) -> None:
    graph = builder([CUP, SPOON, TABLE, DOG], INFO, parser(question))
    assert meant(graph, word) == labels


def test_inherited_facts_say_through_which_category(builder: GraphBuilder) -> None:
    graph = builder([DOG], INFO)
    facts = [edge for edge in graph.edges(EdgeKind.FACT) if edge.via]
    assert facts
    assert any("mammal" in edge.via for edge in facts)
    assert all(edge.score < 1 for edge in facts)


def test_labels_without_boxes_give_no_spatial_edges(builder: GraphBuilder) -> None:
    graph = builder([Detection("cup", 1.0, "file"), Detection("dog", 1.0, "file")], INFO)
    assert not graph.edges(EdgeKind.SPATIAL)
    assert len(graph.nodes(NodeKind.OBJECT)) == 2


def test_a_crowd_is_cut_to_the_surest(builder: GraphBuilder) -> None:
    crowd = [Detection("cup", i / 100, "test", (i, i, i + 9, i + 9)) for i in range(50)]
    objects = builder(strongest(crowd), INFO).nodes(NodeKind.OBJECT)
    assert len(objects) == MAX_OBJECTS
    assert objects[0].score == 0.49


def test_the_same_input_gives_the_same_graph_in_the_same_order(
    builder: GraphBuilder, parser: Parser
) -> None:
    sentence = parser("What is the object next to the cup used for?")
    one = builder([CUP, SPOON, TABLE], INFO, sentence)
    other = GraphBuilder(Knowledge.bundled())([CUP, SPOON, TABLE], INFO, sentence)
    assert one.nodes() == other.nodes()
    assert one.edges() == other.edges()


@pytest.mark.parametrize(
    ("text", "name", "attributes"),
    [
        ("What is a polar bear capable of?", "polar bear", set()),
        ("What is a washing machine used for?", "washing machine", set()),
        ("a big polar bear", "polar bear", {"big"}),
        ("a red machine", "machine", {"red"}),
    ],
)
def test_names_that_knowledge_knows_take_their_attributes_in(
    builder: GraphBuilder, parser: Parser, text: str, name: str, attributes: set[str]
) -> None:
    graph = builder([], None, parser(text))
    (entity,) = graph.nodes(NodeKind.ENTITY)
    assert entity.label == name
    assert entity.span is not None
    assert text[slice(*entity.span)] == name
    assert {node.label for node in graph.nodes(NodeKind.ATTRIBUTE)} == attributes


def test_a_definite_word_for_something_seen_means_only_that(
    builder: GraphBuilder, parser: Parser
) -> None:
    graph = builder([DOG], INFO, parser("Is this animal a mammal?"))
    animal = next(node for node in graph.nodes(NodeKind.ENTITY) if node.label == "animal")
    kinds = {edge.kind: edge.target for edge in graph.edges_from(animal.id)}
    assert kinds[EdgeKind.MENTION] == "object:0"
    assert EdgeKind.LINK not in kinds


def test_the_object_next_to_the_cup_is_not_the_cup(builder: GraphBuilder, parser: Parser) -> None:
    question = "What is the object next to the cup used for?"
    graph = builder([CUP, SPOON], INFO, parser(question))
    labels = {node.id: node.label for node in graph.nodes(NodeKind.OBJECT)}
    meant = {
        graph.node(edge.source).label: labels[edge.target] for edge in graph.edges(EdgeKind.MENTION)
    }
    assert meant == {"object": "spoon", "cup": "cup"}

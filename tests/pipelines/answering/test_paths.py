"""paths.py: a meaning falls with the facts that it was read by, and only then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import IS_A_IRI, EdgeKind, NodeKind
from pipelines.answering.paths import seen_path, with_retracted

MENTION = Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder", 0.7)
CAT_IS_FELINE = Edge(
    "kg:cat", "kg:feline", EdgeKind.FACT, "is a", "animals.ttl", predicate=IS_A_IRI
)
FELINE_IS_MAMMAL = Edge(
    "kg:feline", "kg:mammal", EdgeKind.FACT, "is a", "categories.ttl", predicate=IS_A_IRI
)
INHERITED = replace(FELINE_IS_MAMMAL, source="kg:cat", via=("feline",))
EATS = Edge("kg:cat", "kg:feline", EdgeKind.FACT, "eats", "animals.ttl")


@pytest.fixture
def graph() -> SceneGraph:
    """ "The mammal" means the cat in the photograph."""
    graph = SceneGraph(text="Is the mammal asleep?")
    graph.add(Node("object:0", NodeKind.OBJECT, "cat", "bundled", 0.9))
    graph.add(Node("entity:0", NodeKind.ENTITY, "mammal", "parser", span=(7, 13)))
    for name in ("cat", "feline", "mammal"):
        graph.add(Node(f"kg:{name}", NodeKind.CONCEPT, name, "animals.ttl"))
    graph.connect(Edge("object:0", "kg:cat", EdgeKind.LINK, "means", "linker"))
    graph.connect(Edge("entity:0", "kg:mammal", EdgeKind.LINK, "means", "linker"))
    for edge in (MENTION, CAT_IS_FELINE, FELINE_IS_MAMMAL, INHERITED, EATS):
        graph.connect(edge)
    return graph


@pytest.mark.parametrize("fact", [CAT_IS_FELINE, FELINE_IS_MAMMAL])
def test_words_mean_an_object_only_while_facts_say_what_it_is(
    graph: SceneGraph, fact: Edge
) -> None:
    assert with_retracted(graph, [fact]) == {fact, MENTION}


@pytest.mark.parametrize("fact", [INHERITED, EATS])
def test_other_facts_take_nothing_with_them(graph: SceneGraph, fact: Edge) -> None:
    assert with_retracted(graph, [fact]) == {fact}


def test_a_second_chain_of_facts_keeps_the_meaning(graph: SceneGraph) -> None:
    graph.connect(Edge("kg:cat", "kg:mammal", EdgeKind.FACT, "is a", "own.ttl", predicate=IS_A_IRI))
    assert with_retracted(graph, [CAT_IS_FELINE]) == {CAT_IS_FELINE}


def test_a_meaning_by_name_needs_no_fact(graph: SceneGraph) -> None:
    graph.connect(Edge("entity:0", "kg:cat", EdgeKind.LINK, "means", "linker"))
    assert with_retracted(graph, [CAT_IS_FELINE]) == {CAT_IS_FELINE}


def test_what_is_inherited_falls_with_what_is_stated_and_not_the_other_way(
    graph: SceneGraph,
) -> None:
    triple = ("kg:feline", "kg:fears", "kg:mammal")
    stated = Edge("kg:feline", "kg:mammal", EdgeKind.FACT, "fears", "animals.ttl", statement=triple)
    inherited = replace(stated, source="kg:cat", via=("feline",))
    graph.connect(stated)
    graph.connect(inherited)
    assert with_retracted(graph, [stated]) == {stated, inherited}
    assert with_retracted(graph, [inherited]) == {inherited}


def test_what_is_seen_of_the_likeliest_object_is_the_path(graph: SceneGraph) -> None:
    graph.add(Node("object:1", NodeKind.OBJECT, "dog", "bundled", 0.9))
    graph.add(Node("seen:white", NodeKind.ATTRIBUTE, "white", "colours"))
    graph.add(Node("kg:white", NodeKind.CONCEPT, "white", "colours.ttl"))
    less = graph.connect(replace(MENTION, target="object:1", score=0.2))
    seen = [
        graph.connect(Edge(one, "seen:white", EdgeKind.SEMANTIC, "has colour", "colours"))
        for one in ("object:0", "object:1")
    ]
    assert seen_path(graph, "entity:0", "white")[1] == seen[0]
    assert seen_path(graph.without(seen[0]), "entity:0", "white") == (less, seen[1])
    assert seen_path(graph.without(*seen), "entity:0", "white") == ()
    assert seen_path(graph, None, "white") == seen_path(graph, "entity:9", "white") == ()

"""attribution.py: facts are cited where the answer rests on them, and not beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pytest
import torch

from graph_fusion.heads.graph import POINTER, YES_NO
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.attribution import MAX_WORDS, Attribution
from pipelines.answering.probabilities import Probabilities

Rule = Callable[[set[Edge]], float]
MENTION = Edge("entity:0", "object:0", EdgeKind.MENTION, "means", "grounder")
LINK = Edge("object:0", "kg:bench", EdgeKind.LINK, "means", "linker")
BENCH = Edge("kg:bench", "kg:wood", EdgeKind.FACT, "made of", "things.ttl")
SHELF = Edge("kg:shelf", "kg:wood", EdgeKind.FACT, "made of", "things.ttl")
MEANS_SHELF = Edge("entity:1", "kg:shelf", EdgeKind.LINK, "means", "linker")
WIDE = {MENTION: 0.9, LINK: 0.9, BENCH: 0.8, SHELF: 0.4, MEANS_SHELF: 0.4}


@pytest.fixture
def graph() -> SceneGraph:
    graph = SceneGraph(text="What is the thing beside the shelf made of?")
    graph.add(Node("object:0", NodeKind.OBJECT, "bench", "bundled", 0.9))
    graph.add(Node("entity:0", NodeKind.ENTITY, "thing", "parser", span=(12, 17)))
    graph.add(Node("entity:1", NodeKind.ENTITY, "shelf", "parser", span=(29, 34)))
    for name in ("bench", "shelf", "wood"):
        graph.add(Node(f"kg:{name}", NodeKind.CONCEPT, name, "things.ttl"))
    for edge in WIDE:
        graph.connect(edge)
    return graph


def cited_by(graph: SceneGraph, rule: Rule, way: int = POINTER, text: str = "wood") -> Attribution:
    """Return an `Attribution`; the network gives `text` the probability rule(edges that are left).

    The rule stands where the trained network would, so that what it rests on is known.
    """
    nodes = graph.nodes()
    route = torch.zeros(3)
    route[way] = 1.0
    node = torch.zeros(len(nodes) + 1)
    if way == POINTER:
        node[[one.label for one in nodes].index(text)] = rule(set(graph.edges()))
    no = rule(set(graph.edges()))
    said = Probabilities(
        nodes, route, node, torch.tensor([1 - no, no, 0.0]), torch.zeros(len(nodes))
    )

    def without(asked: str, deletions: Sequence[Collection[Edge]]) -> list[float]:
        assert asked == text
        return [rule(set(graph.edges()) - set(deleted)) for deleted in deletions]

    return Attribution(graph, said, WIDE, "entity:0", without)


def test_the_fact_that_holds_the_answer_is_cited_with_its_way(graph: SceneGraph) -> None:
    evidence = cited_by(graph, lambda left: 0.8 if BENCH in left else 0.1)("wood")
    assert evidence.path == (MENTION, LINK, BENCH)
    assert evidence.facts == (BENCH,)


def test_the_openest_way_is_not_cited_where_another_fact_holds_the_answer(
    graph: SceneGraph,
) -> None:
    evidence = cited_by(graph, lambda left: 0.8 if SHELF in left else 0.1)("wood")
    assert evidence.facts == (SHELF,)
    assert evidence.path == (MEANS_SHELF, SHELF)


def test_facts_that_each_suffice_are_cited_together(graph: SceneGraph) -> None:
    evidence = cited_by(graph, lambda left: 0.8 if {BENCH, SHELF} & left else 0.1)("wood")
    assert set(evidence.facts) == {BENCH, SHELF}


def test_facts_that_only_suffice_together_are_cited_together(graph: SceneGraph) -> None:
    evidence = cited_by(graph, lambda left: 0.8 if {BENCH, SHELF} <= left else 0.1)("wood")
    assert set(evidence.facts) == {BENCH, SHELF}


def test_an_answer_that_no_fact_holds_cites_none(graph: SceneGraph) -> None:
    evidence = cited_by(graph, lambda left: 0.8)("wood")
    assert evidence.facts == ()
    assert [node.label for node in evidence.entities] == ["thing", "shelf"]


def test_a_no_does_not_cite_what_speaks_for_yes(graph: SceneGraph) -> None:
    graph.connect(Edge("entity:1", "kg:wood", EdgeKind.LINK, "means", "linker"))
    evidence = cited_by(graph, lambda left: 0.6 if BENCH in left else 0.9, YES_NO, "no")("no")
    assert evidence.facts == ()


def test_paths_are_sought_between_few_words_of_a_long_list(
    graph: SceneGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2, 40):
        graph.add(Node(f"entity:{number}", NodeKind.ENTITY, "thing", "parser", span=(0, 4)))
    sought: list[str] = []
    between = Attribution._between

    def counted(self: Attribution, starts: Sequence[str], end: str) -> tuple[Edge, ...]:
        sought.extend(starts)
        return between(self, starts, end)

    monkeypatch.setattr(Attribution, "_between", counted)
    cited_by(graph, lambda left: 0.9, YES_NO, "no")("no")
    assert 0 < len(sought) < MAX_WORDS**2

"""What else falls when facts are taken out of a graph: what is inherited, and meanings by them."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from kg.graph import Edge, SceneGraph
from kg.vocabulary import IS_A, EdgeKind


def with_following(graph: SceneGraph, deleted: Iterable[Edge]) -> frozenset[Edge]:
    """Return `deleted` and the edges of `graph` that hold only because of these.

    "The mammal" means the cat because a cat is a feline and a feline is a mammal. Without one of
    these facts the words do not mean that object any more, unless other facts say the same. And
    what a thing inherits from its category is not known of it any more either.
    """
    gone = set(deleted)
    for fact in tuple(gone):
        of = graph.node(fact.source).label
        gone.update(edge for edge in graph.edges_to(fact.target) if _inherits(edge, fact, of))
    if not any(_is_category(edge) for edge in gone):
        return frozenset(gone)
    facts = [edge for edge in graph.edges(EdgeKind.FACT) if _is_category(edge)]
    before = _categories(facts)
    after = _categories(edge for edge in facts if edge not in gone)
    for mention in graph.edges(EdgeKind.MENTION):
        seen, named = _concepts(graph, mention.target), _concepts(graph, mention.source)
        if not seen & named and _reaches(before, seen, named) and not _reaches(after, seen, named):
            gone.add(mention)
    return frozenset(gone)


def _inherits(edge: Edge, fact: Edge, of: str) -> bool:
    """Whether `edge` says `fact`, which is stated of what is called `of`, of a kind of it."""
    same = (edge.kind, edge.relation) == (EdgeKind.FACT, fact.relation)
    return same and not fact.via and fact.relation != IS_A and of in edge.via


def _is_category(edge: Edge) -> bool:
    """Inherited facts are left out, since they follow from stated ones."""
    return (edge.kind, edge.relation) == (EdgeKind.FACT, IS_A) and not edge.via


def _categories(facts: Iterable[Edge]) -> nx.DiGraph[str]:
    return nx.DiGraph((edge.source, edge.target) for edge in facts)


def _concepts(graph: SceneGraph, node_id: str) -> set[str]:
    """Return the concepts that an object or words are linked to."""
    return {edge.target for edge in graph.edges_from(node_id) if edge.kind == EdgeKind.LINK}


def _reaches(categories: nx.DiGraph[str], seen: set[str], named: set[str]) -> bool:
    return any(
        start in categories and end in categories and nx.has_path(categories, start, end)
        for start in seen
        for end in named
    )

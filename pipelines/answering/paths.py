"""The way through the graph that leads from the question's words to its answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

import networkx as nx

from kg.graph import Edge, SceneGraph
from kg.vocabulary import IS_A_IRI, EdgeKind, NodeKind

STEP_COST = 0.05
"""Added for every edge, so that of two equally open ways the shorter is taken."""
FAINTEST = 1e-4
"""Edges are taken to be at least this open, so that the cost stays finite."""


def best_path(
    graph: SceneGraph, strength: Mapping[Edge, float], sources: Iterable[str], target: str
) -> tuple[Edge, ...]:
    """Return the edges of the most open way from one of `sources` to `target`.

    Edges may be walked either way. The cost of an edge is -log(strength x score). The way
    does not lead through further words. () when there is no way.

    strength: how far the question opens each edge, in (0, 1).
    """
    starts = [source for source in sources if source != target]
    allowed = {
        node.id
        for node in graph.nodes()
        if node.kind != NodeKind.ENTITY or node.id in starts or node.id == target
    }
    ways: nx.Graph[str] = nx.Graph()
    for edge in graph.edges():
        if edge.source in allowed and edge.target in allowed:
            openness = max(strength.get(edge, 0.0) * edge.score, FAINTEST)
            cost = STEP_COST - math.log(min(openness, 1.0))
            known = ways.get_edge_data(edge.source, edge.target)
            if known is None or cost < known["cost"]:
                ways.add_edge(edge.source, edge.target, cost=cost, edge=edge)
    starts = [source for source in starts if source in ways]
    if target not in ways or not starts:
        return ()
    try:
        _, nodes = nx.multi_source_dijkstra(ways, set(starts), target, weight="cost")
    except nx.NetworkXNoPath:
        return ()
    return tuple(ways.edges[a, b]["edge"] for a, b in pairwise(nodes))


def openness(path: Iterable[Edge], strength: Mapping[Edge, float]) -> float:
    """Return how open the narrowest edge of `path` is; 0 for an empty path."""
    return min((strength.get(edge, 0.0) for edge in path), default=0.0)


def with_retracted(graph: SceneGraph, deleted: Iterable[Edge]) -> frozenset[Edge]:
    """Return `deleted` and the edges of `graph` that hold only because of these.

    "The mammal" means the cat because a cat is a feline and a feline is a mammal. Without one of
    these facts the words do not mean that object any more, unless other facts say the same. And
    what a thing inherits from its category is not known of it any more either.
    """
    gone = set(deleted)
    for fact in tuple(gone):
        gone.update(edge for edge in graph.edges_to(fact.target) if _inherits(edge, fact))
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


def _inherits(edge: Edge, fact: Edge) -> bool:
    """Whether `edge` comes from the triple that states `fact`, by way of a category."""
    same = edge.statement is not None and edge.statement == fact.statement
    return same and not fact.via and bool(edge.via) and fact.predicate != IS_A_IRI


def _is_category(edge: Edge) -> bool:
    """Inherited facts are left out, since they follow from stated ones."""
    return (edge.kind, edge.predicate) == (EdgeKind.FACT, IS_A_IRI) and not edge.via


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

"""Paths from the question's words to its answer, and what falls with deleted edges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

import networkx as nx

from kg.graph import Edge, SceneGraph
from kg.vocabulary import IS_A_IRI, EdgeKind, NodeKind

STEP_COST = 0.05
"""Cost of each edge, so that the shorter of two equal paths is found: chosen by hand."""
MIN_STRENGTH = 1e-4
"""Lower bound of strength x score, which keeps the cost finite."""


def best_path(
    graph: SceneGraph, strength: Mapping[Edge, float], sources: Iterable[str], target: str
) -> tuple[Edge, ...]:
    """Return the edges of the path of lowest cost from one of `sources` to `target`.

    Edges may be walked in both directions. The cost of an edge is -log(strength x score). The
    path contains no further entities. The result is () if there is no path.

    strength: the gate of each edge, in (0, 1).
    """
    starts = [source for source in sources if source != target]
    allowed = {
        node.id
        for node in graph.nodes()
        if node.kind != NodeKind.ENTITY or node.id in starts or node.id == target
    }
    paths: nx.Graph[str] = nx.Graph()
    for edge in graph.edges():
        if edge.source in allowed and edge.target in allowed:
            weight = max(strength.get(edge, 0.0) * edge.score, MIN_STRENGTH)
            cost = STEP_COST - math.log(min(weight, 1.0))
            known = paths.get_edge_data(edge.source, edge.target)
            if known is None or cost < known["cost"]:
                paths.add_edge(edge.source, edge.target, cost=cost, edge=edge)
    starts = [source for source in starts if source in paths]
    if target not in paths or not starts:
        return ()
    try:
        _, nodes = nx.multi_source_dijkstra(paths, set(starts), target, weight="cost")
    except nx.NetworkXNoPath:
        return ()
    return tuple(paths.edges[a, b]["edge"] for a, b in pairwise(nodes))


def seen_path(graph: SceneGraph, word: str | None, attribute: str) -> tuple[Edge, ...]:
    """Return the path from a word to an attribute that was seen of what it denotes; () if none was.

    The object that the word denotes most probably comes first.
    """
    if word is None or word not in graph:
        return ()
    mentions = [edge for edge in graph.edges_from(word) if edge.kind == EdgeKind.MENTION]
    for mention in sorted(mentions, key=lambda edge: -edge.score):
        for edge in graph.edges_from(mention.target):
            seen = edge.kind == EdgeKind.SEMANTIC and graph.node(edge.target).label == attribute
            if seen and graph.node(edge.target).kind == NodeKind.ATTRIBUTE:
                return (mention, edge)
    return ()


def min_strength(path: Iterable[Edge], strength: Mapping[Edge, float]) -> float:
    """Return the lowest strength of an edge of `path`; 0 for an empty path."""
    return min((strength.get(edge, 0.0) for edge in path), default=0.0)


def with_retracted(graph: SceneGraph, deleted: Iterable[Edge]) -> frozenset[Edge]:
    """Return `deleted` and the edges of `graph` that follow only from these.

    "The mammal" denotes the cat because a cat is a feline and a feline is a mammal. Without one
    of these facts the words no longer denote the cat, unless other facts connect the two. Facts
    that the cat inherits from a deleted category go too.
    """
    removed = set(deleted)
    for fact in tuple(removed):
        removed.update(edge for edge in graph.edges_to(fact.target) if _inherits(edge, fact))
    if not any(_is_category(edge) for edge in removed):
        return frozenset(removed)
    facts = [edge for edge in graph.edges(EdgeKind.FACT) if _is_category(edge)]
    before = _categories(facts)
    after = _categories(edge for edge in facts if edge not in removed)
    for mention in graph.edges(EdgeKind.MENTION):
        seen, named = _concepts(graph, mention.target), _concepts(graph, mention.source)
        if not seen & named and _reaches(before, seen, named) and not _reaches(after, seen, named):
            removed.add(mention)
    return frozenset(removed)


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

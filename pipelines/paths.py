"""The way through the graph that leads from the question's words to its answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise

import networkx as nx

from kg.graph import Edge, SceneGraph
from kg.vocabulary import NodeKind

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

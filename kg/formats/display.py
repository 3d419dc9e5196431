"""The colours that stand for kinds of nodes in every picture of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

if TYPE_CHECKING:
    from kg.formats import View


COLOURS = {
    NodeKind.OBJECT: "#8ecae6",
    NodeKind.ATTRIBUTE: "#cdb4db",
    NodeKind.ENTITY: "#ffd166",
    NodeKind.CONCEPT: "#b7e4c7",
    NodeKind.LITERAL: "#e9ecef",
    NodeKind.SCENE: "#f4a261",
}
ACCENT = "#d62828"
"""Of the path that made the answer."""


MAX_NODES = 24
MAX_NEIGHBOURS = 6
"""Facts shown beside the path of each concept on it."""

COLUMNS = {
    NodeKind.ENTITY: 0,
    NodeKind.ATTRIBUTE: 0,
    NodeKind.OBJECT: 1,
    NodeKind.SCENE: 1,
    NodeKind.CONCEPT: 2,
    NodeKind.LITERAL: 3,
}
"""Words stand left of objects, objects left of what is known."""


def shown(graph: SceneGraph, view: View) -> tuple[list[Node], list[Edge]]:
    """Return the nodes and edges that fit a picture: the highlight first, then what is near it.

    Without a highlight: the objects, the words, what they are, and the surest relations.
    """
    chosen: dict[str, None] = dict.fromkeys(sorted(view.nodes))
    edges: dict[Edge, None] = dict.fromkeys(e for e in graph.edges() if e in view.edges)
    links = graph.edges(EdgeKind.MENTION) + graph.edges(EdgeKind.LINK)
    if not view.nodes:
        for edge in links + graph.edges(EdgeKind.SEMANTIC):
            if len(chosen) < MAX_NODES:
                chosen |= {edge.source: None, edge.target: None}
        links = links + _surest_spatial(graph)
    for node in graph.nodes(NodeKind.OBJECT)[: MAX_NODES // 2]:
        chosen[node.id] = None
    for edge in _facts_beside(graph, view):
        if len(chosen) < MAX_NODES:
            chosen[edge.target] = None
            edges[edge] = None
    for edge in links + graph.edges(EdgeKind.SEMANTIC):
        if edge.source in chosen and edge.target in chosen:
            edges[edge] = None
    return [graph.node(node_id) for node_id in chosen], list(edges)


def _facts_beside(graph: SceneGraph, view: View) -> list[Edge]:
    """Return a few stated facts of each concept on the path."""
    found = []
    for node in graph.nodes(NodeKind.CONCEPT):
        if node.id in view.nodes:
            facts = [edge for edge in graph.edges_from(node.id) if edge.kind == EdgeKind.FACT]
            facts.sort(key=lambda one: (bool(one.via), one.relation))
            found.extend(facts[:MAX_NEIGHBOURS])
    return found


def _surest_spatial(graph: SceneGraph) -> list[Edge]:
    """Return one edge for each pair of objects: on, in and near before left and above."""
    order = {"on": 0, "in": 0, "near": 1, "above": 2, "left of": 3}
    best: dict[frozenset[str], Edge] = {}
    for edge in graph.edges(EdgeKind.SPATIAL):
        pair = frozenset((edge.source, edge.target))
        rank = order.get(edge.relation, 9)
        known = best.get(pair)
        if rank < 9 and (known is None or rank < order[known.relation]):
            best[pair] = edge
    return sorted(best.values(), key=lambda edge: order[edge.relation])[:12]

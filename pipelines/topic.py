"""What a question asks about, as it stands in the graph, and what may answer it."""

from __future__ import annotations

from kg.graph import SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

MEANING = (EdgeKind.MENTION, EdgeKind.LINK)


def meant_by(graph: SceneGraph, topic: str | None) -> frozenset[str]:
    """Return the ids of the nodes that the word `topic` means: objects, concepts, and itself."""
    if topic is None or topic not in graph:
        return frozenset()
    found = reached = {topic}
    while reached:
        edges = [edge for node in reached for edge in graph.edges_from(node)]
        reached = {edge.target for edge in edges if edge.kind in MEANING} - found
        found = found | reached
    return frozenset(found)


def others_attributes(graph: SceneGraph, topic: str | None) -> frozenset[str]:
    """Return the ids of attributes that the objects which `topic` means do not have.

    The colour of the bus is not that of the people in front of it. Empty where the objects have
    no attribute, or no object is meant: then another's may be the answer.
    """
    objects = [one for one in meant_by(graph, topic) if graph.node(one).kind == NodeKind.OBJECT]
    ends = {edge.target for one in objects for edge in graph.edges_from(one)}
    attributes = frozenset(node.id for node in graph.nodes(NodeKind.ATTRIBUTE))
    return attributes - ends if attributes & ends else frozenset()


def equally_right(graph: SceneGraph, topic: str | None) -> tuple[frozenset[str], ...]:
    """Return groups of nodes that facts of one relation about what `topic` means lead to.

    All uses of a cup answer "What is the cup used for?" equally well, and training counts them as
    right together.
    """
    groups: dict[tuple[str, str], set[str]] = {}
    for node in sorted(meant_by(graph, topic)):
        for edge in graph.edges_from(node):
            if edge.kind == EdgeKind.FACT:
                groups.setdefault((node, edge.relation), set()).add(edge.target)
    return tuple(frozenset(group) for group in groups.values())

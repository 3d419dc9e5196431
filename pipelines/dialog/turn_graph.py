"""The turns of a dialog as nodes of its graph."""

from __future__ import annotations

from collections.abc import Sequence

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.dialog.turns import Turn

REFERS_TO, ANSWERS, FOLLOWS, CHANGES = "refers to", "answers", "follows", "changes"
"""Relations of edges of kind `dialog`."""
PERSON, ANSWERER = "person", "sightgraph"
"""Origins of what was said: a person, and this program."""


def with_turns(graph: SceneGraph, turns: Sequence[Turn]) -> SceneGraph:
    """Return a copy of `graph` with two nodes for each turn: what was said, and the reply.

    The edges, all of kind `dialog`: a reply "answers" what was said, which "follows" the reply
    before; either "refers to" the objects and concepts that it is about, and a correction
    "changes" objects. What is not in the graph any more is left out.
    """
    copy = SceneGraph(graph.photo, graph.text)
    copy.networkx = graph.networkx.copy()
    for number, turn in enumerate(turns):
        said = copy.add(Node(f"said:{number}", NodeKind.TURN, turn.said, PERSON))
        reply = copy.add(
            Node(f"reply:{number}", NodeKind.TURN, turn.reply, ANSWERER, turn.confidence)
        )
        _connect(copy, reply.id, ANSWERS, said.id, turn.confidence)
        if number:
            _connect(copy, said.id, FOLLOWS, f"reply:{number - 1}")
        for one in (node for reference in turn.references for node in reference.nodes):
            _connect(copy, said.id, REFERS_TO, one)
        for one in turn.cited:
            _connect(copy, reply.id, REFERS_TO, one)
        for change in turn.changes:
            _connect(copy, said.id, CHANGES, change.node)
    return copy


def _connect(
    graph: SceneGraph, source: str, relation: str, target: str, score: float = 1.0
) -> None:
    if target in graph:
        graph.connect(Edge(source, target, EdgeKind.DIALOG, relation, ANSWERER, score))

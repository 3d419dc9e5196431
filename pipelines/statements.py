"""What speaks for an answer and for those that it was preferred to, as numbered statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering import DONT_KNOW
from pipelines.evidence import Answer

MAX_OF_A_CANDIDATE = 3
"""Statements listed for each candidate that was not chosen."""
MAX_SEEN = 12
"""Objects listed, surest first."""
TELLING = (EdgeKind.FACT, EdgeKind.SEMANTIC, EdgeKind.SPATIAL)
"""Edges that say something; the others only tie words and objects to what they mean."""
PARSER = "parser"
"""The origin of what the question says itself, which proves nothing."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One piece of evidence that can be cited.

    edge, node: what it stands for, one of them; supports: the candidate that it speaks for.
    """

    text: str
    edge: Edge | None = None
    node: Node | None = None
    supports: str | None = None


def statements(answer: Answer) -> list[Statement]:
    """Return the evidence, then that of the other candidates, then the objects that were seen."""
    found: dict[Edge | str, Statement] = {}
    chosen = None if answer.text == DONT_KNOW else answer.text
    for edge in dict.fromkeys((*answer.evidence.facts, *answer.evidence.path)):
        if edge.kind in TELLING and edge.origin != PARSER:
            found.setdefault(edge, _of_edge(answer.graph, edge, chosen))
    for candidate in answer.candidates:
        if candidate.text != chosen:
            for edge in _about(answer.graph, candidate.text)[:MAX_OF_A_CANDIDATE]:
                found.setdefault(edge, _of_edge(answer.graph, edge, candidate.text))
    for node in _seen(answer.graph):
        found.setdefault(node.id, _of_node(answer, node))
    return list(found.values())


def prompt(question: str, listed: Sequence[Statement], candidates: Sequence[str]) -> str:
    """Return what a language model is asked; it must cite a number of `listed`."""
    numbered = "\n".join(f"[{number}] {one.text}" for number, one in enumerate(listed, 1))
    return (
        "Answer the question about a photograph. Use only these statements, which hold for it:\n"
        f"{numbered}\n"
        f"Likely answers: {', '.join(candidates)}\n"
        "Reply with the answer in a few words and the number of the statement that it rests on "
        "in brackets, like: wheel [3]\n"
        f"Question: {question}\n"
        "Answer:"
    )


def _about(graph: SceneGraph, label: str) -> list[Edge]:
    """Return what is known and seen of things called `label`: of what is in the picture first."""
    linked = {edge.target for edge in graph.edges(EdgeKind.LINK)}
    linked |= {node.id for node in graph.nodes(NodeKind.OBJECT)}
    touching = [
        (edge, other)
        for node in graph.nodes()
        if node.label == label and node.kind != NodeKind.ENTITY
        for edge, other in _ends(graph, node)
        if edge.kind in (EdgeKind.FACT, EdgeKind.SEMANTIC) and edge.origin != PARSER
    ]
    ranked = sorted(touching, key=lambda pair: (pair[1] not in linked, -pair[0].score))
    return list(dict.fromkeys(edge for edge, _ in ranked))


def _ends(graph: SceneGraph, node: Node) -> Iterator[tuple[Edge, str]]:
    """Yield the edges at `node` with their other end."""
    yield from ((edge, edge.source) for edge in graph.edges_to(node.id))
    yield from ((edge, edge.target) for edge in graph.edges_from(node.id))


def _seen(graph: SceneGraph) -> list[Node]:
    objects = sorted(graph.nodes(NodeKind.OBJECT), key=lambda node: -node.score)
    return [*objects[:MAX_SEEN], *graph.nodes(NodeKind.SCENE)]


def _of_edge(graph: SceneGraph, edge: Edge, supports: str | None) -> Statement:
    source, target = graph.node(edge.source).label, graph.node(edge.target).label
    inherited = f" (as {', '.join(edge.via)})" if edge.via else ""
    return Statement(f"{source} {edge.relation} {target}{inherited}", edge, None, supports)


def _of_node(answer: Answer, node: Node) -> Statement:
    if node.kind == NodeKind.SCENE:
        text = f"the photograph shows: {node.label}"
    elif node.box is None:
        text = f"seen: {node.label}"
    else:
        text = f"seen: {node.label} at [{', '.join(str(round(x)) for x in node.box)}]"
    named = any(node.label == candidate.text for candidate in answer.candidates)
    return Statement(text, None, node, node.label if named else None)

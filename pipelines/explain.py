"""The deletion test: the answer without each piece of its evidence."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graph_fusion.tensors import Query
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind
from pipelines.answering.answerer import Answerer
from pipelines.answering.evidence import DONT_KNOW, Answer, Evidence
from pipelines.answering.paths import with_retracted
from pipelines.photo import Photo, PhotoSource
from pipelines.reading.language import check_english
from pipelines.reading.parser import check_text
from pipelines.sightgraph import SightGraph

DRAWS = 5
"""Random deletions that each piece is compared with: chosen by hand."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence that can be deleted.

    kind: "box", "scene", "word", "seen" (a relation in the photograph), "fact" or "facts".
    edges: the deleted edges; node: the deleted node, if the piece is one.
    """

    kind: str
    name: str
    edges: frozenset[Edge]
    weight: float
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of the deletion of a piece.

    answer: the answer after the deletion.
    probability: that of the original answer after the deletion.
    change: change of that probability, below 0 if the piece supports the answer.
    control: mean change after deletion of as many random other facts; None if there are none.
    """

    piece: Piece
    answer: str
    probability: float
    change: float
    control: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer and the effect of each piece of its evidence, the greatest loss first.

    text: the explained answer; the most probable one if the answer is "I don't know".
    probability: that of the text with the whole graph. The answer's confidence is higher if
        several answers are equally right.
    """

    answer: Answer
    text: str
    probability: float
    effects: tuple[Effect, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the documented JSON object (docs/answer-format.md)."""
        return {
            "answer": self.answer.as_json(),
            "explained": self.text,
            "probability": _rounded(self.probability),
            "effects": [
                {
                    "kind": one.piece.kind,
                    "piece": one.piece.name,
                    "weight": _rounded(one.piece.weight),
                    "answer": one.answer,
                    "probability": _rounded(one.probability),
                    "change": _rounded(one.change),
                    "control": None if one.control is None else _rounded(one.control),
                }
                for one in self.effects
            ],
        }


def explain(
    sightgraph: SightGraph, photo: PhotoSource, question: str, draws: int = DRAWS, seed: int = 0
) -> Explanation:
    """Answer `question` about `photo`, and again without each piece of the evidence.

    draws: random deletions that each piece is compared with; `seed` makes them reproducible.

    Raises:
        SightGraphError: as `SightGraph.ask`.
    """
    check_text(question)
    check_english(question)
    opened = Photo.open(photo)
    sentence = sightgraph.parser(question)
    detections = sightgraph.detect(opened, sentence)  # once: they are what is explained
    answer = sightgraph.answered(opened, sentence, detections)
    query, regions = sightgraph.query(answer.graph, sentence), sightgraph.regions(detections)
    text = answer.text
    if text == DONT_KNOW and answer.guesses:
        text = answer.guesses[0].text
    test = _Test(sightgraph.answerer, answer.graph, query, regions, text)
    before = test.probability(answer.graph)
    control = Control(answer.graph, answer.evidence.facts, draws, seed)
    effects = [
        test.effect(piece, before, control)
        for piece in pieces(answer.graph, answer.evidence, question)
    ]
    effects.sort(key=lambda one: one.change)
    return Explanation(answer, text, before, tuple(effects))


def pieces(graph: SceneGraph, evidence: Evidence, question: str) -> list[Piece]:
    """Return each box, scene, signal, word, statement and fact, and all facts together."""
    found = [_of_node("box", one, graph, evidence, one.label) for one in evidence.objects]
    found += [_of_node("scene", one, graph, evidence, one.label) for one in evidence.scenes]
    found += [_of_node("signal", one, graph, evidence, one.label) for one in evidence.signals]
    for one in evidence.entities:
        text = one.label if one.span is None else question[slice(*one.span)]
        found.append(_of_node("word", one, graph, evidence, text))
    shown = (EdgeKind.SPATIAL, EdgeKind.SEMANTIC)
    for edge in evidence.path:
        if edge.kind in shown:
            found.append(_of_edges("seen", [edge], graph, evidence))
    found += [_of_edges("fact", [fact], graph, evidence) for fact in evidence.facts]
    if len(evidence.facts) > 1:
        found.append(_of_edges("facts", evidence.facts, graph, evidence))
    return found


class Control:
    """Random deletions of facts that no answer cites."""

    def __init__(self, graph: SceneGraph, cited: Iterable[Edge], draws: int, seed: int) -> None:
        cited_edges = set(cited)
        self.graph = graph
        self.others = [edge for edge in graph.edges(EdgeKind.FACT) if edge not in cited_edges]
        self.draws = draws
        self.seed = seed

    def deletions(self, facts: int) -> list[frozenset[Edge]]:
        """Return `draws` samples of `facts` other facts (all if there are fewer), each with the
        edges that follow from them; [] if there is no other fact."""
        if not self.others:
            return []
        drawn = random.Random(self.seed)
        count = min(facts, len(self.others))
        return [
            with_retracted(self.graph, drawn.sample(self.others, count)) for _ in range(self.draws)
        ]


@dataclass(frozen=True, slots=True)
class _Test:
    """One question, answered again from parts of its graph."""

    answerer: Answerer
    graph: SceneGraph
    query: Query
    regions: Mapping[str, np.ndarray]
    text: str

    def probability(self, graph: SceneGraph) -> float:
        return self.answerer.probability(graph, self.query, self.regions, self.text)

    def effect(self, piece: Piece, before: float, control: Control) -> Effect:
        reduced = without_piece(self.graph, piece)
        after = self.probability(reduced)
        answer = self.answerer(reduced, self.query, self.regions).text
        drawn = control.deletions(max(len(piece.edges), 1))
        others = self.answerer.probabilities_without(
            self.graph, self.query, self.regions, self.text, drawn
        )
        mean = sum(others) / len(others) - before if others else None
        return Effect(piece, answer, after, after - before, mean)


def without_piece(graph: SceneGraph, piece: Piece) -> SceneGraph:
    """Return a copy of `graph` without the piece's edges, its node, and edges that follow."""
    reduced = graph.without(*with_retracted(graph, piece.edges))
    if piece.node is None:
        return reduced
    copy = SceneGraph(graph.photo, graph.text)
    for node in reduced.nodes():
        if node.id != piece.node:
            copy.add(node)
    for edge in reduced.edges():
        copy.connect(edge)
    return copy


def _of_node(kind: str, node: Node, graph: SceneGraph, evidence: Evidence, name: str) -> Piece:
    """Return the piece of an object with its node, or of words, whose node remains."""
    edges = frozenset((*graph.edges_from(node.id), *graph.edges_to(node.id)))
    deleted = None if kind == "word" else node.id
    return Piece(kind, name, edges, evidence.weight(node), deleted)


def _of_edges(kind: str, edges: Sequence[Edge], graph: SceneGraph, evidence: Evidence) -> Piece:
    statements = [
        f"{graph.node(edge.source).label} {edge.relation} {graph.node(edge.target).label}"
        for edge in edges
    ]
    name = statements[0] if len(statements) == 1 else f"all {len(statements)} facts"
    weight = max(evidence.weight(edge) for edge in edges)
    return Piece(kind, name, frozenset(edges), weight)


def _rounded(number: float) -> float:
    return round(float(number), 4)

"""The deletion test: what becomes of an answer when a piece of its evidence is taken away."""

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
from pipelines.photo import Photo
from pipelines.sightgraph import PhotoSource, SightGraph

DRAWS = 5
"""Random deletions that each piece is compared with."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence, and what goes with it.

    kind: "box", "scene", "word", "seen" (a statement that is no knowledge), "fact" or "facts".
    edges: all that is deleted; node: is deleted too, where the piece is one.
    """

    kind: str
    name: str
    edges: frozenset[Edge]
    weight: float
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of the answer without a piece.

    answer: what is answered then.
    probability: of the original answer then, also where it is no longer the best.
    change: of that probability, below 0 where the piece held the answer up.
    control: the mean change when as many other facts are deleted, drawn at random; None where
        the graph has no other facts.
    """

    piece: Piece
    answer: str
    probability: float
    change: float
    control: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer and what each piece of its evidence did for it, the greatest loss first.

    text: the answer that is explained: the most probable one, where nothing was answered.
    probability: of that text, from the whole graph. The answer's confidence is higher where
        several facts answer equally well.
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

    draws: random deletions that each piece is compared with; the same seed draws the same.

    Raises:
        SightGraphError: as `SightGraph.ask`.
    """
    opened = Photo.open(photo)
    answer = sightgraph.ask(opened, question)
    _, query, regions = sightgraph.read(opened, question, sightgraph.detect(opened))
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
    """Return each box, scene, word, statement and fact of `evidence`, and all facts together."""
    found = [_of_node("box", one, graph, evidence, one.label) for one in evidence.objects]
    found += [_of_node("scene", one, graph, evidence, one.label) for one in evidence.scenes]
    for one in evidence.entities:
        said = one.label if one.span is None else question[slice(*one.span)]
        found.append(_of_node("word", one, graph, evidence, said))
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
        kept = set(cited)
        self.graph = graph
        self.others = [edge for edge in graph.edges(EdgeKind.FACT) if edge not in kept]
        self.draws = draws
        self.seed = seed

    def deletions(self, facts: int) -> list[frozenset[Edge]]:
        """Return `draws` times `facts` other facts, or all where there are fewer, and what
        falls with them; [] where there is no other fact."""
        if not self.others:
            return []
        drawn = random.Random(self.seed)
        most = min(facts, len(self.others))
        return [
            with_retracted(self.graph, drawn.sample(self.others, most)) for _ in range(self.draws)
        ]


@dataclass(frozen=True, slots=True)
class _Test:
    """One question, to be answered again from parts of its graph."""

    answerer: Answerer
    graph: SceneGraph
    query: Query
    regions: Mapping[str, np.ndarray]
    text: str

    def probability(self, graph: SceneGraph) -> float:
        return self.answerer.probability(graph, self.query, self.regions, self.text)

    def effect(self, piece: Piece, before: float, control: Control) -> Effect:
        left = without_piece(self.graph, piece)
        after = self.probability(left)
        then = self.answerer(left, self.query, self.regions).text
        drawn = control.deletions(max(len(piece.edges), 1))
        others = self.answerer.probabilities_without(
            self.graph, self.query, self.regions, self.text, drawn
        )
        mean = sum(others) / len(others) - before if others else None
        return Effect(piece, then, after, after - before, mean)


def without_piece(graph: SceneGraph, piece: Piece) -> SceneGraph:
    """Return a copy of `graph` without the piece's edges, its node, and what follows from both."""
    left = graph.without(*with_retracted(graph, piece.edges))
    if piece.node is None:
        return left
    copy = SceneGraph(graph.photo, graph.text)
    for node in left.nodes():
        if node.id != piece.node:
            copy.add(node)
    for edge in left.edges():
        copy.connect(edge)
    return copy


def _of_node(kind: str, node: Node, graph: SceneGraph, evidence: Evidence, name: str) -> Piece:
    """Return a seen thing with its node, or words: these stay, and mean nothing."""
    edges = frozenset((*graph.edges_from(node.id), *graph.edges_to(node.id)))
    gone = None if kind == "word" else node.id
    return Piece(kind, name, edges, evidence.weight(node), gone)


def _of_edges(kind: str, edges: Sequence[Edge], graph: SceneGraph, evidence: Evidence) -> Piece:
    said = [
        f"{graph.node(edge.source).label} {edge.relation} {graph.node(edge.target).label}"
        for edge in edges
    ]
    name = said[0] if len(said) == 1 else f"all {len(said)} facts"
    weight = max(evidence.weight(edge) for edge in edges)
    return Piece(kind, name, frozenset(edges), weight)


def _rounded(number: float) -> float:
    return round(float(number), 4)

"""An answer with its candidates, and its evidence in the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kg.errors import SightGraphError
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.support import Support, support_of

DONT_KNOW = "I don't know"
SUM_TOLERANCE = 1e-6
"""Scores of candidates sum to 1 up to this: the networks compute in float32."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible answer with its probability, in [0, 1].

    The candidates of an answer include "I don't know", the event that none of the others is right,
    and their scores sum to 1.

    includes: equally right answers, whose probability is part of the score.
    """

    text: str
    score: float
    includes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The answer and those that its score includes."""
        return (self.text, *self.includes)


def completed(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Append "I don't know" with the remaining probability, so that all scores sum to 1.

    Scores whose sum exceeds 1 by more than the rounding of float32 are scaled down.
    """
    named = [replace(one, score=min(one.score, 1.0)) for one in candidates if one.text != DONT_KNOW]
    total = sum(one.score for one in named)
    excess = total > 1 + SUM_TOLERANCE / 2
    scaled = [replace(one, score=one.score / total) for one in named] if excess else named
    return (*scaled, Candidate(DONT_KNOW, max(0.0, 1.0 - total)))


def score_of(text: str, candidates: Iterable[Candidate]) -> float:
    """Return the score of the candidate `text`."""
    return next(one.score for one in candidates if one.text == text)


def asserted(candidates: Sequence[Candidate], text: str, score: float) -> tuple[Candidate, ...]:
    """Put `text` first with `score`, and scale the other candidates to the remaining 1 - score."""
    others = [
        replace(one, includes=tuple(name for name in one.includes if name != text))
        for one in candidates
        if one.text != text
    ]
    total, remaining = sum(one.score for one in others), 1.0 - score
    if total <= 0:
        return completed([Candidate(text, score)])
    scaled = [replace(one, score=remaining * (one.score / total)) for one in others]
    return (Candidate(text, score), *scaled)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The part of the graph that an answer rests on.

    objects, entities: the detected objects and the words of the question on the path.
    facts: the cited facts, those on the path first.
    scenes: the scene of the photograph, if it is the answer.
    texts: what is written in the photograph, if it is the answer.
    signals: the modalities beside the photograph on the path, or whose name is the answer.
    path: the edges from the question to the answer, in order; an edge may be walked against its
        direction.
    weights: in [0, 1], by node id and by edge; see `weight`.
    """

    objects: tuple[Node, ...] = ()
    entities: tuple[Node, ...] = ()
    facts: tuple[Edge, ...] = ()
    path: tuple[Edge, ...] = ()
    scenes: tuple[Node, ...] = ()
    texts: tuple[Node, ...] = ()
    signals: tuple[Node, ...] = ()
    weights: Mapping[str | Edge, float] = field(default_factory=dict)

    @classmethod
    def from_path(
        cls,
        graph: SceneGraph,
        path: tuple[Edge, ...],
        *also: Node,
        facts: Iterable[Edge] = (),
        strength: Mapping[Edge, float] | None = None,
    ) -> Evidence:
        """Gather the nodes and facts that `path` touches, the nodes `also` and further `facts`.

        strength: the gate of each edge, in [0, 1]; 1 if not given.
        """
        touched = {end: None for edge in path for end in (edge.source, edge.target)}
        touched.update({node.id: None for node in also})
        nodes = [graph.node(node_id) for node_id in touched]
        known = dict.fromkeys((*(edge for edge in path if edge.kind == EdgeKind.FACT), *facts))
        weights: dict[str | Edge, float] = {
            edge: _edge_weight(edge, strength) for edge in (*path, *known)
        }
        weights |= {node.id: _node_weight(graph, node, path, strength) for node in nodes}
        return cls(
            objects=tuple(node for node in nodes if node.kind == NodeKind.OBJECT),
            entities=tuple(node for node in nodes if node.kind == NodeKind.ENTITY),
            facts=tuple(known),
            path=path,
            scenes=tuple(node for node in nodes if node.kind == NodeKind.SCENE),
            texts=tuple(node for node in nodes if node.kind == NodeKind.TEXT),
            signals=tuple(node for node in nodes if node.kind == NodeKind.SIGNAL),
            weights=weights,
        )

    @property
    def seen(self) -> tuple[Node, ...]:
        """All that was seen or heard: objects, scenes, texts and signals."""
        return (*self.objects, *self.scenes, *self.texts, *self.signals)

    def weight(self, part: Node | Edge) -> float:
        """Return the weight of `part`, in [0, 1].

        The weight of an edge is its gate times its score. The weight of a node is its score
        times the highest weight of its edges on the path, or of all its edges if it is on no
        path. A part without a weight has its score.
        """
        key = part.id if isinstance(part, Node) else part
        return self.weights.get(key, part.score)


@dataclass(frozen=True, slots=True)
class CitedFact:
    """A fact of the evidence, by its labels, and by the ids of its nodes in the graph.

    subject_iri, predicate, object_iri: IRIs; a plain value is `literal:VALUE`.
    source: the file that states it. via: the categories through which it is inherited.
    weight: its influence on the answer, in [0, 1].
    """

    subject: str
    relation: str
    object: str
    subject_iri: str
    predicate: str
    object_iri: str
    source: str
    via: tuple[str, ...]
    weight: float

    def __str__(self) -> str:
        return f"{self.subject} {self.relation} {self.object} [{self.source}]"


@dataclass(frozen=True, slots=True)
class Answer:
    """What `SightGraph.ask` returns.

    text: the answer, or "I don't know"; one of the candidates.
    candidates: the answer first, then the others by score; scores sum to 1.
    timings_ms: wall-clock milliseconds by step.
    models: the name of every component.
    graph: the whole graph of photograph, question and knowledge.
    refusal: why the language model's reply was rejected; "" otherwise.
    missing: a sentence for each thing that was not given and that the answer lacks.
    rule: name of the rule (`pipelines.answering.rules`) that decided it; "" for the networks.
    """

    question: str
    text: str
    candidates: tuple[Candidate, ...]
    evidence: Evidence
    graph: SceneGraph
    timings_ms: dict[str, float] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    missing: tuple[str, ...] = ()
    rule: str = ""

    def __post_init__(self) -> None:
        total = sum(one.score for one in self.candidates)
        texts = [one.text for one in self.candidates]
        if abs(total - 1.0) > SUM_TOLERANCE or texts.count(self.text) != 1:
            raise SightGraphError(
                f"the candidates of '{self.text}' sum to {total} and name it "
                f"{texts.count(self.text)} times. Complete them with `completed` or `asserted`."
            )

    @property
    def confidence(self) -> float:
        """The calibrated probability of `text`, in [0, 1]: the score of its candidate."""
        return score_of(self.text, self.candidates)

    @property
    def guesses(self) -> tuple[Candidate, ...]:
        """The candidates without "I don't know"."""
        return tuple(one for one in self.candidates if one.text != DONT_KNOW)

    @property
    def support(self) -> Support:
        """What the answer rests on: stated, inferred, seen, or a guess."""
        one = self.evidence
        return support_of(self.text, one.path, one.facts, one.seen)

    @property
    def facts(self) -> tuple[CitedFact, ...]:
        """The cited facts by their labels, with their IRIs; those on the path first."""
        label = {node.id: node.label for node in self.graph.nodes()}
        return tuple(
            CitedFact(
                *(label[one.source], one.relation, label[one.target]),
                *(one.source, one.predicate, one.target),
                *(one.origin, one.via, self.evidence.weight(one)),
            )
            for one in self.evidence.facts
        )

    def __str__(self) -> str:
        """Return the answer and the facts that it cites, for people."""
        lines = [f"{self.text} (confidence {self.confidence:.2f}, {self.support})"]
        return "\n".join(lines + [f"  {fact}" for fact in self.facts])

    def _repr_html_(self) -> str:
        """Return the answer with its photograph, for notebooks."""
        from pipelines.answer_html import STYLE, section

        photo = "" if self.graph.photo is None else self.graph.photo.source
        return f"<style>{STYLE}</style>{section(photo, [self.as_json()])}"

    def as_json(self) -> dict[str, Any]:
        """Return the documented JSON object (docs/answer-format.md)."""
        label = {node.id: node.label for node in self.graph.nodes()}
        return {
            "question": self.question,
            "answer": self.text,
            "confidence": _rounded(self.confidence),
            "support": self.support.value,
            "rule": self.rule or None,
            "candidates": [
                {"text": one.text, "score": _rounded(one.score)} for one in self.candidates
            ],
            "evidence": {
                "objects": [
                    {
                        "id": node.id,
                        "label": node.label,
                        "score": _rounded(node.score),
                        "box": None if node.box is None else [_rounded(x, 1) for x in node.box],
                        "weight": self._weight(node),
                    }
                    for node in self.evidence.objects
                ],
                "entities": [
                    {
                        "text": self.question[node.span[0] : node.span[1]],
                        "start": node.span[0],
                        "end": node.span[1],
                        "weight": self._weight(node),
                    }
                    for node in self.evidence.entities
                    if node.span is not None
                ],
                "facts": [
                    {
                        "subject": label[edge.source],
                        "relation": edge.relation,
                        "object": label[edge.target],
                        "source": edge.origin,
                        "via": list(edge.via),
                        "predicate": edge.predicate or None,
                        "statement": edge.statement and list(edge.statement),
                        "weight": self._weight(edge),
                    }
                    for edge in self.evidence.facts
                ],
                "scenes": [
                    {
                        "label": node.label,
                        "score": _rounded(node.score),
                        "weight": self._weight(node),
                    }
                    for node in self.evidence.scenes
                ],
                "texts": [
                    {
                        "text": node.label,
                        "score": _rounded(node.score),
                        "box": None if node.box is None else [_rounded(x, 1) for x in node.box],
                        "weight": self._weight(node),
                    }
                    for node in self.evidence.texts
                ],
                "signals": [
                    {
                        "id": node.id,
                        "label": node.label,
                        "score": _rounded(node.score),
                        "modality": node.recording.modality,
                        "source": node.recording.source,
                        "intervals": [[_rounded(x, 3) for x in one] for one in node.intervals],
                        "weight": self._weight(node),
                    }
                    for node in self.evidence.signals
                    if node.recording is not None
                ],
                "path": [
                    {
                        "source": edge.source,
                        "source_label": label[edge.source],
                        "relation": edge.relation,
                        "target": edge.target,
                        "target_label": label[edge.target],
                        "kind": edge.kind.value,
                        "score": _rounded(edge.score),
                        "weight": self._weight(edge),
                    }
                    for edge in self.evidence.path
                ],
            },
            "missing": list(self.missing),
            "timings_ms": {step: _rounded(ms, 2) for step, ms in self.timings_ms.items()},
            "models": self.models,
        }

    def _weight(self, part: Node | Edge) -> float:
        return _rounded(self.evidence.weight(part))


def _edge_weight(edge: Edge, strength: Mapping[Edge, float] | None) -> float:
    """Return the edge's score times its gate."""
    return edge.score * (1.0 if strength is None else strength.get(edge, 0.0))


def _node_weight(
    graph: SceneGraph, node: Node, path: tuple[Edge, ...], strength: Mapping[Edge, float] | None
) -> float:
    on_path = [edge for edge in path if node.id in (edge.source, edge.target)]
    touching = on_path or [*graph.edges_from(node.id), *graph.edges_to(node.id)]
    return node.score * max((_edge_weight(edge, strength) for edge in touching), default=1.0)


def _rounded(number: float, digits: int = 4) -> float:
    """Return a plain float, since json cannot write numpy numbers."""
    return round(float(number), digits)

"""What the network reads of a parsed question and of the detections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from graph_fusion.encoders import TextEncoder
from graph_fusion.tensors import Query
from kg.graph import SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from kg.vocabulary import IS_A_IRI, ONTOLOGY, EdgeKind
from pipelines.detections import Detection
from pipelines.reading.sentence import Question, Sentence
from pipelines.reading.written import written_kind


def query_of(sentence: Sentence) -> Query:
    """Return what the model reads of a question; a statement counts as asking for a concept."""
    question = sentence.question or Question(sentence.text, frame=sentence.text)
    return Query(
        question.text,
        question.frame,
        question.answer_type,
        (question.focus_start, question.focus_end) if question.focus else None,
        None if question.topic is None else f"entity:{question.topic}",
        options=question.options,
        written=written_kind(sentence),
        of_now=question.of_now,
        about=(question.topic_start, question.topic_end),
    )


def region_features(detections: Sequence[Detection], origin: str) -> Mapping[str, np.ndarray]:
    """Return the region features by node id, those that come from `origin`.

    origin: the name of a detector or of a namer; the features of others mean something else.
    """
    return {
        f"object:{index}": one.feature
        for index, one in enumerate(detections)
        if one.feature is not None and (one.feature_origin or one.origin) == origin
    }


MEANING = (EdgeKind.MENTION, EdgeKind.LINK)


def denoted_by(graph: SceneGraph, topic: str | None) -> frozenset[str]:
    """Return the ids of the nodes that the word `topic` means: objects, concepts, and itself."""
    if topic is None or topic not in graph:
        return frozenset()
    found = reached = {topic}
    while reached:
        edges = [edge for node in reached for edge in graph.edges_from(node)]
        reached = {edge.target for edge in edges if edge.kind in MEANING} - found
        found = found | reached
    return frozenset(found)


def equally_right(graph: SceneGraph, topic: str | None) -> tuple[frozenset[str], ...]:
    """Return groups of nodes that facts of one relation about what `topic` means lead to.

    All uses of a cup answer "What is the cup used for?" equally well, and training counts them as
    right together.
    """
    groups: dict[tuple[str, str], set[str]] = {}
    for node in sorted(denoted_by(graph, topic)):
        for edge in graph.edges_from(node):
            if edge.kind == EdgeKind.FACT:
                groups.setdefault((node, edge.relation), set()).add(edge.target)
    return tuple(frozenset(group) for group in groups.values())


ALIKE = 0.75
"""Cosine from which a question counts as put in a relation's wording."""
MARGIN = 0.05
"""Relations whose wordings are less like the question than the likest one's by more are not it."""


class RelationWordings:
    """Matches questions with the wordings (sgo:asks) that a user's relations declare.

    "Who built it?" hardly resembles the label "made by", but is just how the museum says that
    people ask for it; the network then reads the wording in place of the label. The bundled
    relations keep their labels, by which the network was trained.
    """

    def __init__(self, knowledge: KnowledgeGraph, encoder: TextEncoder) -> None:
        self.knowledge = knowledge
        self.encoder = encoder

    def __call__(self, graph: SceneGraph, frame: str) -> Mapping[str, str]:
        """Return the wordings like `frame` ("Who built it?"), by relation IRI."""
        present = {edge.predicate for edge in graph.edges(EdgeKind.FACT)}
        own = [
            (iri, wording)
            for iri, relation in self.knowledge.relations.items()
            if not iri.startswith((ONTOLOGY, IS_A_IRI)) and iri in present
            for wording in relation.asks
        ]
        if not own:
            return {}
        frame_vector = self.encoder([frame.lower().rstrip("?. ")])[0]
        likeness = (self.encoder([wording for _, wording in own]) @ frame_vector).tolist()
        best: dict[str, tuple[float, str]] = {}
        for (iri, wording), alike in zip(own, likeness, strict=True):
            best[iri] = max(best.get(iri, (ALIKE, "")), (alike, wording))
        most = max(alike for alike, _ in best.values()) - MARGIN
        return {iri: wording for iri, (alike, wording) in best.items() if wording and alike >= most}

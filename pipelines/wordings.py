"""Relations that training did not know, in the words in which the question asks for them."""

from __future__ import annotations

from collections.abc import Mapping

from graph_fusion.encoders import TextEncoder
from kg.facts import KnowledgeGraph
from kg.graph import SceneGraph
from kg.terms import IS_A_IRI
from kg.vocabulary import ONTOLOGY, EdgeKind

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
        """Return the wordings like `frame` ("Who built it?"), by relation label."""
        present = {edge.relation for edge in graph.edges(EdgeKind.FACT)}
        own = [
            (relation.label, wording)
            for iri, relation in self.knowledge.relations.items()
            if not iri.startswith((ONTOLOGY, IS_A_IRI)) and relation.label in present
            for wording in relation.asks
        ]
        if not own:
            return {}
        asked = self.encoder([frame.lower().rstrip("?. ")])[0]
        likeness = (self.encoder([wording for _, wording in own]) @ asked).tolist()
        best: dict[str, tuple[float, str]] = {}
        for (label, wording), alike in zip(own, likeness, strict=True):
            best[label] = max(best.get(label, (ALIKE, "")), (alike, wording))
        most = max(alike for alike, _ in best.values()) - MARGIN
        return {
            label: wording for label, (alike, wording) in best.items() if wording and alike >= most
        }

"""What the user set or unset for this question decides it, where it answers it.

The networks read an edit as one fact among many, and hold what is plausible against it. People who
say that this cat can fly do not want to hear that cats cannot.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import torch

from graph_fusion.encoders import TextEncoder
from graph_fusion.tensors import Query
from kg.edits import EDIT, EditedKnowledge
from kg.graph import Edge, SceneGraph
from kg.names import base_forms, normalise
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.evidence import Evidence
from pipelines.paths import best_path

SURE = 0.9
"""The confidence of an answer that an edit decides."""
ASKED = 0.4
"""Cosine from which a question may ask for a relation, in the wordings that it declares."""
MARGIN = 0.02
"""A relation that is less near than the nearest by no more than this may be meant as well."""
_WORD = re.compile(r"[\w'-]+")


@dataclass(frozen=True, slots=True)
class Told:
    """An answer that an edit decides, with what it rests on."""

    text: str
    evidence: Evidence


class UsersWord:
    """Finds the edit that answers a question, if there is one."""

    def __init__(self, knowledge: EditedKnowledge, encoder: TextEncoder) -> None:
        self.knowledge = knowledge
        self.encoder = encoder

    def __call__(self, graph: SceneGraph, query: Query) -> Told | None:
        """Return what the edits answer to `query`; None where they answer something else."""
        about = self._about(graph, query)
        if query.answer_type == "yes/no":
            return self._yes_or_no(graph, query, about)
        told = [edge for edge in graph.edges(EdgeKind.FACT) if edge.origin == EDIT]
        told = [edge for edge in told if edge.source in about]
        if not told:
            return None
        asked = self._asked(graph, query, about)
        return next((self._told(graph, query, e) for e in told if e.relation in asked), None)

    def _about(self, graph: SceneGraph, query: Query) -> set[str]:
        """Return the concepts of what is asked about, seen or named; of all words without topic."""
        entities = [node.id for node in graph.nodes(NodeKind.ENTITY)]
        topic = [query.topic] if query.topic in entities else entities
        meant: set[str] = set()
        for entity in topic:
            for edge in graph.edges_from(entity):
                if edge.kind == EdgeKind.LINK:
                    meant.add(edge.target)
                if edge.kind == EdgeKind.MENTION:
                    links = graph.edges_from(edge.target)
                    meant.update(one.target for one in links if one.kind == EdgeKind.LINK)
        return meant

    def _yes_or_no(self, graph: SceneGraph, query: Query, about: Collection[str]) -> Told | None:
        said = _forms(query.text)
        for edge in graph.edges(EdgeKind.FACT):
            if edge.origin == EDIT and edge.source in about and self._named(edge.target, said):
                return self._told(graph, query, edge, "no" if self._denies(edge) else "yes")
        for subject, object_ in self.knowledge.unset_ends():
            if subject in about and self._named(object_, said):
                left = graph.edges_between(subject, object_) if object_ in graph else []
                if not any(edge.kind == EdgeKind.FACT for edge in left):
                    return Told("no", Evidence())
        return None

    def _denies(self, edge: Edge) -> bool:
        return any(
            relation.denies is not None and relation.label == edge.relation
            for relation in self.knowledge.relations.values()
        )

    def _named(self, concept: str, said: Collection[str]) -> bool:
        """Whether all words of one of the concept's names are said, in whatever form."""
        known = self.knowledge.concept(concept)
        names = [self.knowledge.label(concept), *(known.aliases if known else ())]
        return any(_within(name, said) for name in names)

    def _asked(self, graph: SceneGraph, query: Query, about: Collection[str]) -> set[str]:
        """Return the labels of the relations that the question may ask for."""
        facts = [edge for edge in graph.edges(EdgeKind.FACT) if edge.source in about]
        present = {edge.relation for edge in facts}
        wordings = [
            (relation.label, wording)
            for relation in self.knowledge.relations.values()
            if relation.label in present
            for wording in (relation.label, *relation.asks)
        ]
        frame = self.encoder([_of_it(graph, query)])[0]
        vectors = self.encoder([wording for _, wording in wordings])
        likeness = torch.mv(vectors, frame).tolist()
        best = max(likeness, default=0.0)
        near = zip(wordings, likeness, strict=True)
        return {label for (label, _), one in near if one >= max(ASKED, best - MARGIN)}

    def _told(self, graph: SceneGraph, query: Query, fact: Edge, text: str | None = None) -> Told:
        open_ = dict.fromkeys(graph.edges(), 1.0)
        words = [node.id for node in graph.nodes(NodeKind.ENTITY)]
        start = [query.topic] if query.topic in words else words
        way = best_path(graph, open_, start, fact.source)
        evidence = Evidence.from_path(graph, (*way, fact))
        return Told(text or graph.node(fact.target).label, evidence)


def _of_it(graph: SceneGraph, query: Query) -> str:
    """Return the question with "it" in place of what it asks about, as wordings have it."""
    text = query.text
    if query.topic is not None and query.topic in graph:
        span = graph.node(query.topic).span
        if span is not None:
            before = re.sub(r"\b(?:the|this|that|these|those|a|an)\s*$", "", text[: span[0]])
            text = f"{before}it{text[span[1] :]}"
    return text.lower().rstrip("?. ")


def _forms(text: str) -> set[str]:
    """Return the words of a text, each also in its other forms."""
    words = _WORD.findall(text.lower())
    return {form for word in words for form in (word, *base_forms(word))}


def _within(name: str, said: Collection[str]) -> bool:
    words = normalise(name).split()
    return bool(words) and all(_any_form(word) & set(said) for word in words)


def _any_form(word: str) -> set[str]:
    forms: Iterable[str] = base_forms(word)
    return {word, *forms}

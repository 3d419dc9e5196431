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
from kg.graph import SceneGraph
from kg.knowledge.edits import EDIT, EditedKnowledge
from kg.knowledge.facts import Fact
from kg.vocabulary import NodeKind
from pipelines.answering.abilities import forms, negated, within
from pipelines.answering.evidence import Evidence
from pipelines.answering.paths import best_path
from pipelines.answering.query import meant_by

SURE = 0.9
"""The score of an answer that an edit decides; the other candidates share the rest.

Set by hand: an edit is the user's own statement, and 0.1 is left for a misread question."""
ASKED = 0.4
"""Cosine from which a question may ask for a relation, in the wordings that it declares."""
MARGIN = 0.02
"""A relation that is less near than the nearest by no more than this may be meant as well."""


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
        said = forms(query.text)
        meant = self._meant(graph, query)
        edited = {fact.subject for fact in self.knowledge.set_facts()}
        edited |= {subject for subject, *_ in self.knowledge.unset_facts()}
        about = {one for one in edited if one in meant or self._named(one, said)}
        if not about:
            return None
        if query.answer_type == "yes/no":
            return self._yes_or_no(graph, query, about, said)
        told = [fact for fact in self.knowledge.set_facts() if fact.subject in about]
        asked = self._asked(graph, query, about) if told else set()
        return next((self._told(graph, query, f) for f in told if f.relation in asked), None)

    def _meant(self, graph: SceneGraph, query: Query) -> frozenset[str]:
        """Return the nodes of what is asked about, seen or named; of all words without topic."""
        entities = [node.id for node in graph.nodes(NodeKind.ENTITY)]
        topics = [query.topic] if query.topic in entities else entities
        return frozenset().union(*(meant_by(graph, topic) for topic in topics))

    def _yes_or_no(
        self, graph: SceneGraph, query: Query, about: Collection[str], said: Collection[str]
    ) -> Told | None:
        contrary = negated(query.text)
        yes, no = ("no", "yes") if contrary else ("yes", "no")
        for fact in self.knowledge.set_facts():
            if fact.subject in about and self._named(fact.object, said):
                return self._told(graph, query, fact, no if self._denies(fact.relation) else yes)
        for subject, relation, object_ in self.knowledge.unset_facts():
            if subject in about and self._named(object_, said):
                if self._denies(relation):  # that nothing denies it says only so much
                    return Told("no", Evidence()) if contrary else None
                left = {f.relation for f in self.knowledge.facts(subject) if f.object == object_}
                if not left or relation in self._asked(graph, query, [subject], {relation, *left}):
                    return Told(no, Evidence())
        return None

    def _denies(self, relation: str) -> bool:
        return self.knowledge.relations[relation].denies is not None

    def _named(self, concept: str, said: Collection[str]) -> bool:
        """Whether all words of one of the concept's names are said, in whatever form."""
        known = self.knowledge.concept(concept)
        names = [self.knowledge.label(concept), *(known.aliases if known else ())]
        return any(within(name, said) for name in names)

    def _asked(
        self,
        graph: SceneGraph,
        query: Query,
        about: Collection[str],
        among: Collection[str] | None = None,
    ) -> set[str]:
        """Return the relations that the question may ask for: of all facts, or `among` these."""
        if among is None:
            among = {fact.relation for one in about for fact in self.knowledge.facts(one)}
        wordings = [
            (iri, wording)
            for iri in sorted(among)
            for relation in [self.knowledge.relations[iri]]
            for wording in (relation.label, *relation.asks)
        ]
        names = [self.knowledge.label(one) for one in about]
        frame = self.encoder([_of_it(graph, query, names)])[0]
        vectors = self.encoder([wording for _, wording in wordings])
        likeness = torch.mv(vectors, frame).tolist()
        best = max(likeness, default=0.0)
        near = zip(wordings, likeness, strict=True)
        return {iri for (iri, _), one in near if one >= max(ASKED, best - MARGIN)}

    def _told(self, graph: SceneGraph, query: Query, fact: Fact, text: str | None = None) -> Told:
        """Return the answer with the way to it, where the graph holds one."""
        said = text or self.knowledge.label(fact.object)
        if fact.subject not in graph or fact.object not in graph:
            return Told(said, Evidence())
        edges = graph.edges_between(fact.subject, fact.object)
        edge = next((one for one in edges if one.origin == EDIT), None)
        if edge is None:
            return Told(said, Evidence())
        words = [node.id for node in graph.nodes(NodeKind.ENTITY)]
        start = [query.topic] if query.topic in words else words
        way = best_path(graph, dict.fromkeys(graph.edges(), 1.0), start, fact.subject)
        return Told(said, Evidence.from_path(graph, (*way, edge)))


def _of_it(graph: SceneGraph, query: Query, names: Iterable[str]) -> str:
    """Return the question with "it" in place of what it asks about, as wordings have it."""
    text = query.text.lower().rstrip("?. ")
    for name in names:
        pattern = (
            rf"\b(?:(?:the|this|that|these|those|a|an)\s+)?{re.escape(name.lower())}(?:e?s)?\b"
        )
        if re.search(pattern, text):
            return re.sub(pattern, "it", text)
    if query.topic is not None and query.topic in graph:
        span = graph.node(query.topic).span
        if span is not None:
            before = re.sub(r"\b(?:the|this|that|these|those|a|an)\s*$", "", text[: span[0]])
            text = f"{before}it{text[span[1] :]}"
    return text

"""Answers by edit: a fact that the user set or unset decides the questions that it answers.

The networks weigh an edit as one fact among many. The user's own statement takes precedence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import torch

from graph_fusion.encoders import TextEncoder
from graph_fusion.tensors import Query
from kg.graph import SceneGraph
from kg.knowledge.edits import EDIT, EditedKnowledge
from kg.knowledge.facts import Fact
from kg.vocabulary import SPATIAL_INVERSES, NodeKind
from pipelines.answering.abilities import forms, negated, within
from pipelines.answering.evidence import Evidence
from pipelines.answering.paths import best_path
from pipelines.answering.prediction import Prediction
from pipelines.answering.query import denoted_by

EDIT_CONFIDENCE = 0.9
"""The score of an answer that an edit decides; the other candidates share the rest.

Chosen by hand: an edit is the user's own statement, and 0.1 remains for a misread question."""
MIN_COSINE = 0.4
"""Min cosine between a question and a wording of the relation that it may query: set by hand."""
MARGIN = 0.02
"""A relation may be queried too if its cosine is below the best by at most this: set by hand."""
PLACED = 0.15
"""A question that names both ends of a fact asks how they lie to each other if its cosine with
that is higher by more than this. Set by hand: the edits of data/questions reach 0.11, and such
questions ("is there a mouse near it?", where a cat eats mice) begin at 0.18."""


def by_statement(text: str, evidence: Evidence | None = None) -> Prediction:
    """Return the answer `text`, which a person's own statement decides."""
    return Prediction.of(text, EDIT_CONFIDENCE, evidence or Evidence())


class EditAnswers:
    """Finds the edit that answers a question."""

    def __init__(self, knowledge: EditedKnowledge, encoder: TextEncoder) -> None:
        self.knowledge = knowledge
        self.encoder = encoder

    def __call__(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Return the answer of the edits to `query`; None if no edit answers it."""
        words = forms(query.text)
        denoted = self._denoted(graph, query)
        edited = {fact.subject for fact in self.knowledge.set_facts()}
        edited |= {subject for subject, *_ in self.knowledge.unset_facts()}
        about = {one for one in edited if one in denoted or self._named(one, words)}
        if not about:
            return None
        if query.answer_type == "yes/no":
            return self._yes_or_no(graph, query, about, words)
        asserted = [fact for fact in self.knowledge.set_facts() if fact.subject in about]
        queried = self._queried(graph, query, about) if asserted else set()
        return next(
            (self._answer(graph, query, f) for f in asserted if f.relation in queried), None
        )

    def _denoted(self, graph: SceneGraph, query: Query) -> frozenset[str]:
        """Return the nodes that the topic denotes, or all entities if there is no topic."""
        entities = [node.id for node in graph.nodes(NodeKind.ENTITY)]
        topics = [query.topic] if query.topic in entities else entities
        return frozenset().union(*(denoted_by(graph, topic) for topic in topics))

    def _yes_or_no(
        self, graph: SceneGraph, query: Query, about: Collection[str], words: Collection[str]
    ) -> Prediction | None:
        contrary = negated(query.text)
        yes, no = ("no", "yes") if contrary else ("yes", "no")
        for fact in self.knowledge.set_facts():
            named = fact.subject in about and self._named(fact.object, words)
            if named and not self._asks_for_place(graph, query, fact):
                return self._answer(graph, query, fact, no if self._denies(fact.relation) else yes)
        for subject, relation, object_ in self.knowledge.unset_facts():
            if subject in about and self._named(object_, words):
                if self._denies(relation):  # without the denial, the ability is not asserted
                    return by_statement("no") if contrary else None
                others = {f.relation for f in self.knowledge.facts(subject) if f.object == object_}
                if not others or relation in self._queried(
                    graph, query, [subject], {relation, *others}
                ):
                    return by_statement(no)
        return None

    def _asks_for_place(self, graph: SceneGraph, query: Query, fact: Fact) -> bool:
        """Whether a question asks how the ends of a fact lie to each other, not for the fact."""
        relation, end = self.knowledge.relations[fact.relation], self.knowledge.label(fact.object)
        stated = [f"{wording} {end}" for wording in (relation.label, *relation.asks)]
        placed = [f"is it {one} the {end}" for one in SPATIAL_INVERSES] + [f"is there a {end}"]
        frame = self.encoder([_with_it(graph, query, [self.knowledge.label(fact.subject)])])[0]
        cosines = torch.mv(self.encoder([*stated, *placed]), frame)
        return bool(cosines[len(stated) :].max() - cosines[: len(stated)].max() > PLACED)

    def _denies(self, relation: str) -> bool:
        return self.knowledge.relations[relation].denies is not None

    def _named(self, concept: str, words: Collection[str]) -> bool:
        """Whether the question contains all words of one of the concept's names, in any form."""
        known = self.knowledge.concept(concept)
        names = [self.knowledge.label(concept), *(known.aliases if known else ())]
        return any(within(name, words) for name in names)

    def _queried(
        self,
        graph: SceneGraph,
        query: Query,
        about: Collection[str],
        among: Collection[str] | None = None,
    ) -> set[str]:
        """Return the relations that the question may query: those of all facts, or of `among`."""
        if among is None:
            among = {fact.relation for one in about for fact in self.knowledge.facts(one)}
        wordings = [
            (iri, wording)
            for iri in sorted(among)
            for relation in [self.knowledge.relations[iri]]
            for wording in (relation.label, *relation.asks)
        ]
        names = [self.knowledge.label(one) for one in sorted(about)]
        frame = self.encoder([_with_it(graph, query, names)])[0]
        vectors = self.encoder([wording for _, wording in wordings])
        cosines = torch.mv(vectors, frame).tolist()
        best = max(cosines, default=0.0)
        scored = zip(wordings, cosines, strict=True)
        return {iri for (iri, _), one in scored if one >= max(MIN_COSINE, best - MARGIN)}

    def _answer(
        self, graph: SceneGraph, query: Query, fact: Fact, text: str | None = None
    ) -> Prediction:
        """Return the answer, with the path to it if the graph contains one."""
        answer = text or self.knowledge.label(fact.object)
        if fact.subject not in graph or fact.object not in graph:
            return by_statement(answer)
        edges = graph.edges_between(fact.subject, fact.object)
        edge = next((one for one in edges if one.origin == EDIT), None)
        if edge is None:
            return by_statement(answer)
        entities = [node.id for node in graph.nodes(NodeKind.ENTITY)]
        start = [query.topic] if query.topic in entities else entities
        path = best_path(graph, dict.fromkeys(graph.edges(), 1.0), start, fact.subject)
        return by_statement(answer, Evidence.from_path(graph, (*path, edge)))


def _with_it(graph: SceneGraph, query: Query, names: Iterable[str]) -> str:
    """Return the question with "it" in place of its topic, as in the wordings."""
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

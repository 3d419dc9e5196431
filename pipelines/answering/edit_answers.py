"""Answers by edit: a fact that the user set or unset decides the questions that it answers.

The networks weigh an edit as one fact among many. The user's own statement takes precedence: also
where a thing inherits it from a category, and where it is of something that another fact leads to
("where does the material of the bench come from?").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import torch

from graph_fusion.encoders import TextEncoder
from graph_fusion.tensors import Query
from kg.graph import SceneGraph
from kg.knowledge.edits import EditedKnowledge
from kg.knowledge.facts import Fact
from kg.vocabulary import (
    CAPABLE_OF,
    IS_A_IRI,
    NOT_CAPABLE_OF,
    SPATIAL_INVERSES,
    NodeKind,
)
from pipelines.answering.evidence import Evidence
from pipelines.answering.paths import best_path
from pipelines.answering.prediction import Prediction
from pipelines.answering.query import denoted_by
from pipelines.answering.relation_matching import MARGIN, RelationMatcher
from pipelines.answering.stated_yes_no import forms, negated, within

EDIT_CONFIDENCE = 0.9
"""The score of an answer that an edit decides; the other candidates share the rest.

Of 23 sealed edits that are decided 22 are followed (`evaluate edits`, edits_typed.json)."""
MIN_COSINE = 0.5
"""Min cosine between a question and a wording of the relation that it may query: of 0.4, 0.5 and
0.55 the least with which no edit answers how many people there are (edits.json, unrelated)."""
LEADS_NOWHERE = frozenset({IS_A_IRI, CAPABLE_OF, NOT_CAPABLE_OF})
"""Relations whose object no question describes as "the stuff it ..."; kinds are inherited from."""
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
        self.relations = RelationMatcher(knowledge.relations, encoder)

    def __call__(self, graph: SceneGraph, query: Query) -> Prediction | None:
        """Return the answer of the edits to `query`; None if no edit answers it."""
        meant = self._meant(graph, query)
        if query.answer_type == "yes/no":
            return self._yes_or_no(graph, query, meant)
        for concept, word in meant.items():
            if path := self._queried(graph, query, concept, word):
                return self._answer(graph, word, path)
        return None

    def _meant(self, graph: SceneGraph, query: Query) -> dict[str, str | None]:
        """Return the concepts that the question is about, each with the word that denotes it.

        Those of the topic come first; then those of its other words, and what is edited and named
        without being linked, whose word is None.
        """
        words = [node.id for node in graph.nodes(NodeKind.ENTITY)]
        found: dict[str, str | None] = {}
        for word in sorted(words, key=lambda one: one != query.topic):
            for node in sorted(denoted_by(graph, word)):
                if graph.node(node).kind == NodeKind.CONCEPT:
                    found.setdefault(node, word)
        named = forms(query.text)
        edited = [fact.subject for fact in self.knowledge.set_facts()]
        edited += [subject for subject, *_ in self.knowledge.unset_facts()]
        return found | {one: None for one in edited if one not in found and self._named(one, named)}

    def _changes(self, concept: str) -> tuple[list[Fact], list[Fact]]:
        """Return what holds of a concept by the edits alone, and what holds no more."""
        if not self.knowledge.is_edited(concept):
            return [], []
        now, before = self.knowledge.facts(concept), self.knowledge.base.facts(concept)
        held = {(fact.relation, fact.object) for fact in before}
        holds = {(fact.relation, fact.object) for fact in now}
        asserted = self.knowledge.set_facts()
        return (
            [one for one in now if (one.relation, one.object) not in held or one in asserted],
            [one for one in before if (one.relation, one.object) not in holds],
        )

    def _yes_or_no(
        self, graph: SceneGraph, query: Query, meant: Mapping[str, str | None]
    ) -> Prediction | None:
        words, contrary = forms(query.text), negated(query.text)
        yes, no = ("no", "yes") if contrary else ("yes", "no")
        changes = {concept: self._changes(concept) for concept in meant}
        for concept, (new, _) in changes.items():
            for fact in new:
                if self._named(fact.object, words) and not self._asks_for_place(graph, query, fact):
                    text = no if self._denies(fact.relation) else yes
                    return self._answer(graph, meant[concept], [fact], text)
        for concept, (_, gone) in changes.items():
            for fact in gone:
                if not self._named(fact.object, words):
                    continue
                if self._denies(fact.relation):  # without the denial, nothing is asserted
                    return by_statement("no") if contrary else None
                others = {
                    one.relation
                    for one in self.knowledge.facts(concept)
                    if one.object == fact.object
                }
                if not others or fact.relation in self.relations.likest(
                    self._frame(graph, query, concept, meant[concept]), {fact.relation, *others}
                ):
                    return by_statement(no)
        return None

    def _asks_for_place(self, graph: SceneGraph, query: Query, fact: Fact) -> bool:
        """Whether a question asks how the ends of a fact lie to each other, not for the fact."""
        end = self.knowledge.label(fact.object)
        stated = [f"{wording} {end}" for wording in self.relations.declared(fact.relation)]
        placed = [f"is it {one} the {end}" for one in SPATIAL_INVERSES] + [f"is there a {end}"]
        frame = _with_it(graph, query.text, query.topic, [self.knowledge.label(fact.subject)])
        cosines = self._cosines(frame, [*stated, *placed])
        return max(cosines[len(stated) :]) - max(cosines[: len(stated)]) > PLACED

    def _denies(self, relation: str) -> bool:
        return self.knowledge.relations[relation].denies is not None

    def _named(self, concept: str, words: Collection[str]) -> bool:
        """Whether the question contains all words of one of the concept's names, in any form."""
        return any(within(name, words) for name in self._names(concept))

    def _names(self, concept: str) -> list[str]:
        known = self.knowledge.concept(concept)
        return [self.knowledge.label(concept), *(known.aliases if known else ())]

    def _queried(
        self, graph: SceneGraph, query: Query, concept: str, word: str | None
    ) -> list[Fact]:
        """Return the fact of `concept` that is asked for and edited, or two in a row; [] if none.

        What holds of the concept itself answers before what it inherits: an edit of a category
        answers only where nothing nearer does.
        """
        facts, (new, _) = self.knowledge.facts(concept), self._changes(concept)
        chains = list(self._chains(facts))
        if not new and not chains:
            return []
        frame = self._frame(graph, query, concept, word)
        single = self.relations.scores(frame, {fact.relation for fact in facts})
        best = max(single.values(), default=0.0)
        double = self.relations.scores_of_two(frame, {_relations(two) for two in chains})
        if double and max(double.values()) >= max(MIN_COSINE, best - MARGIN):
            pair = max(double, key=lambda one: double[one])
            return list(next(two for two in chains if _relations(two) == pair))
        queried = {one for one, score in single.items() if score >= max(MIN_COSINE, best - MARGIN)}
        asked = [fact for fact in facts if fact.relation in queried]
        asserted = [fact for fact in asked if fact in new and not fact.via]
        nearest = asserted or asked
        return nearest[:1] if nearest and nearest[0] in new else []

    def _chains(self, facts: Iterable[Fact]) -> Iterator[tuple[Fact, Fact]]:
        """Yield one of `facts` and a fact in a row, which is edited."""
        for first in facts:
            if first.relation not in LEADS_NOWHERE:
                new, _ = self._changes(first.object)
                yield from ((first, one) for one in new if one.relation != IS_A_IRI)

    def _frame(self, graph: SceneGraph, query: Query, concept: str, word: str | None) -> str:
        return _with_it(graph, query.text, word, self._names(concept))

    def _cosines(self, frame: str, texts: Sequence[str]) -> list[float]:
        found: list[float] = torch.mv(self.encoder(texts), self.encoder([frame])[0]).tolist()
        return found

    def _answer(
        self, graph: SceneGraph, word: str | None, facts: Sequence[Fact], text: str | None = None
    ) -> Prediction:
        """Return the answer, with the path to it if the graph contains one.

        word: denotes the subject of the first of `facts`; None where any word may lead there.
        """
        answer = text or self.knowledge.said(facts[-1])
        edges = []
        for fact in facts:
            ends = fact.subject, fact.object
            between = graph.edges_between(*ends) if all(end in graph for end in ends) else ()
            edge = next((one for one in between if one.predicate == fact.relation), None)
            if edge is None:
                return by_statement(answer)
            edges.append(edge)
        start = [word] if word else [node.id for node in graph.nodes(NodeKind.ENTITY)]
        path = best_path(graph, dict.fromkeys(graph.edges(), 1.0), start, facts[0].subject)
        return by_statement(answer, Evidence.from_path(graph, (*path, *edges)))


def _relations(two: tuple[Fact, Fact]) -> tuple[str, str]:
    return two[0].relation, two[1].relation


def _with_it(graph: SceneGraph, question: str, word: str | None, names: Iterable[str]) -> str:
    """Return a question with "it" in place of one of `names`, or of `word`, as in the wordings."""
    text = question.lower().rstrip("?. ")
    for name in names:
        pattern = (
            rf"\b(?:(?:the|this|that|these|those|a|an)\s+)?{re.escape(name.lower())}(?:e?s)?\b"
        )
        if re.search(pattern, text):
            return re.sub(pattern, "it", text)
    if word is not None and word in graph:
        span = graph.node(word).span
        if span is not None:
            before = re.sub(r"\b(?:the|this|that|these|those|a|an)\s*$", "", text[: span[0]])
            text = f"{before}it{text[span[1] :]}"
    return text

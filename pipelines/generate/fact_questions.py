"""Questions that ask for the facts of a knowledge graph: for their objects, subjects, and truth."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kg.knowledge.memory import Knowledge
from kg.vocabulary import IS_A
from pipelines.datasets.okvqa import OpenQuestion
from pipelines.datasets.splits import Part, concept_part, for_training, in_part
from pipelines.generate.question import TOO_GENERAL, VISIBLE
from pipelines.generate.wordings import ask_about, asks, bare_verb, one_of
from pipelines.reading.wordings import grouped, listed

MAX_BESIDE = 4
"""Names of other things that are seen beside."""
CAN, CANNOT = "can", "cannot"


@dataclass(frozen=True, slots=True)
class _Thing:
    """One thing, and what is known of it: labels of objects by the relation's label."""

    name: str
    known: Mapping[str, Sequence[str]]
    part: Part


class KnowledgeAsker:
    """Writes questions about one thing among others that are seen; the same seed, the same ones.

    Only concepts of the part train are asked about.
    """

    def __init__(self, knowledge: Knowledge, seed: int = 0) -> None:
        self.random = random.Random(seed)
        self.wordings = {
            relation.label: asks(relation.label, relation.asks)
            for relation in knowledge.relations.values()
        }
        every = [_known(knowledge, iri) for iri in sorted(knowledge.concepts)]
        every = for_training(in_part(every, "train"))
        self.things = [one for one in every if VISIBLE & set(one.known.get(IS_A, ()))]
        self.with_ability = [one for one in self.things if one.known.get(CAN)]
        self.abilities = sorted({end for one in self.things for end in one.known.get(CAN, ())})
        self.verbs = {
            knowledge.label(fact.object): bare_verb(knowledge, fact.object)
            for iri in sorted(knowledge.concepts)
            for fact in knowledge.facts(iri, inherited=False)
            if knowledge.relations[fact.relation].label in (CAN, CANNOT)
        }
        self._written = 0

    def objects(self, amount: int) -> Iterator[OpenQuestion]:
        """Yield questions for what a thing is used for, made of, found at, ..."""
        pairs = [
            (thing, relation)
            for thing in self.things
            for relation in thing.known
            if self.wordings.get(relation)
        ]
        self.random.shuffle(pairs)
        for thing, relation in pairs[:amount]:
            text = ask_about(self.random.choice(self.wordings[relation]), self._phrase(thing))
            yield self._question(text, thing, [], dict.fromkeys(thing.known[relation], 1.0))

    def subjects(self, amount: int) -> Iterator[OpenQuestion]:
        """Yield questions for which of several things a fact holds."""
        select = grouped("fact_questions", "select")
        pairs = [
            (thing, relation, end)
            for thing in self.things
            for relation, ends in thing.known.items()
            for end in ends
            if relation in select and end not in TOO_GENERAL
        ]
        self.random.shuffle(pairs)
        for thing, relation, end in pairs[:amount]:
            others = self.random.sample(self.things, MAX_BESIDE)
            beside = [one.name for one in others if end not in one.known.get(relation, ())]
            text = self.random.choice(select[relation]).format(o=end, a_o=one_of(end))
            yield self._question(text, thing, beside, {thing.name: 1.0})

    def abilities_of(self, amount: int) -> Iterator[OpenQuestion]:
        """Yield questions for yes or no, as many of either."""
        for number in range(amount):
            thing = self.random.choice(self.with_ability)
            can = thing.known[CAN]
            if number % 2:
                doing, answer = self.random.choice(can), "yes"
            else:
                never = [one for one in self.abilities if one not in can]
                doing, answer = self.random.choice(thing.known.get(CANNOT) or never), "no"
            wording = self.random.choice(listed("fact_questions", "able"))
            text = wording.format(s=self._phrase(thing), verb=self.verbs[doing], o=doing)
            yield self._question(text, thing, [], {answer: 1.0})

    def _phrase(self, thing: _Thing) -> str:
        return self.random.choice(listed("fact_questions", "phrases")).format(x=thing.name)

    def _question(
        self, text: str, thing: _Thing, beside: list[str], scores: dict[str, float]
    ) -> OpenQuestion:
        others = self.random.sample(self.things, self.random.randint(0, MAX_BESIDE))
        seen = [thing.name, *(beside or [one.name for one in others])]
        self.random.shuffle(seen)
        self._written += 1
        return OpenQuestion(
            f"kg{self._written}",
            "",
            text[:1].upper() + text[1:],
            tuple(seen),
            scores,
            "knowledge",
        )


def knowledge_questions(
    knowledge: Knowledge, objects: int, subjects: int, abilities: int, seed: int = 0
) -> list[OpenQuestion]:
    """Return so many questions of each kind."""
    asker = KnowledgeAsker(knowledge, seed)
    return [
        *asker.objects(objects),
        *asker.subjects(subjects),
        *asker.abilities_of(abilities),
    ]


def _known(knowledge: Knowledge, iri: str) -> _Thing:
    known: dict[str, list[str]] = {}
    for fact in knowledge.facts(iri):
        label = knowledge.relations[fact.relation].label
        known.setdefault(label, []).append(knowledge.label(fact.object))
    return _Thing(knowledge.label(iri), known, concept_part(iri))

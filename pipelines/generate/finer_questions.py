"""Questions that ask more closely: for a part by its use, for one class of several."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from kg.english import plural
from kg.graph import Node
from kg.knowledge.facts import Fact
from kg.knowledge.memory import Knowledge
from kg.vocabulary import IS_A
from pipelines.detections import HAS_POSITION
from pipelines.generate.question import (
    TOO_GENERAL,
    GeneratedQuestion,
    Reference,
    References,
    ReferenceScene,
)
from pipelines.generate.wordings import agreeing, ask_about, bare_verb, capital
from pipelines.reading.wordings import grouped, listed, nested

HAS_PART = "has part"
DONE_BY_PARTS = ("used for", "can")


class FinerQuestions:
    """Writes questions whose wording narrows down what answers them."""

    def __init__(self, knowledge: Knowledge, references: References, random: Random) -> None:
        self.knowledge = knowledge
        self.references = references
        self.random = random

    def typed(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Which country does X come from?: only a country answers."""
        reference, subject = self._subject(scene)
        typed = nested("finer_questions", "typed")
        found = [
            (wordings, fact)
            for fact in self.knowledge.facts(subject)
            for category, wordings in typed.get(self._label(fact), {}).items()
            if category in self._categories(fact.object)
        ]
        if not found:
            return None
        wordings, _ = self.random.choice(found)
        facts = [fact for other, fact in found if other is wordings]
        wording = self.random.choice(wordings)
        return self._fact_question(scene, reference, subject, facts, wording, wording)

    def kind_of(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What kind of vehicle is X?: a category below vehicle, or X itself."""
        reference, subject = self._subject(scene)
        above = [
            one
            for one in self.knowledge.categories(subject)
            if self.knowledge.label(one) not in TOO_GENERAL
        ]
        if not above:
            return None
        chosen = self.random.choice(above)
        below = [one for one in above if chosen in self.knowledge.categories(one)]
        label = self.knowledge.label(chosen)
        wording = self.random.choice(listed("finer_questions", "kind_of"))
        text = agreeing(wording, reference.phrase)
        text = text.format(x=label, xs=plural(label), s=reference.phrase)
        return GeneratedQuestion(
            text=capital(text),
            kind="kind of",
            subject=subject,
            wording=wording,
            answers=frozenset([subject, *below, *(node.id for node in reference.targets)]),
            path=_seen(reference, subject) | {(subject, one) for one in below},
        )

    def one_class(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What class of animals is X in?: mammal, bird, fish."""
        reference, subject = self._subject(scene)
        above = {self.knowledge.label(one): one for one in self.knowledge.categories(subject)}
        fitting = [
            (classes, group["wordings"])
            for group in nested("finer_questions", "classes").values()
            if (classes := set(group["answers"]) & set(above))
        ]
        if not fitting:
            return None
        classes, wordings = self.random.choice(fitting)
        wording = self.random.choice(wordings)
        answers = frozenset(above[one] for one in classes)
        return GeneratedQuestion(
            text=capital(agreeing(wording, reference.phrase).format(s=reference.phrase)),
            kind="class",
            subject=subject,
            wording=wording,
            answers=answers,
            path=_seen(reference, subject) | {(subject, one) for one in answers},
        )

    def part_select(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Which part of X is used for Y?: a part, by what is known of it."""
        reference, subject = self._subject(scene)
        done = [
            (part, fact)
            for part in self._parts(subject)
            for fact in self.knowledge.facts(part.object)
            if self._label(fact) in DONE_BY_PARTS
        ]
        if not done:
            return None
        _, chosen = self.random.choice(done)
        answers = frozenset(part.object for part, fact in done if fact.object == chosen.object)
        label = self.knowledge.label(chosen.object)
        wording = self.random.choice(listed("finer_questions", "part_select"))
        verb = bare_verb(self.knowledge, chosen.object)
        text = agreeing(wording, reference.phrase)
        return GeneratedQuestion(
            text=capital(text.format(s=reference.phrase, o=label, verb=verb)),
            kind="part",
            subject=subject,
            wording=wording,
            answers=answers,
            path=_seen(reference, subject)
            | {(subject, one) for one in answers}
            | {(one, chosen.object) for one in answers},
        )

    def part_fact(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What is the P of X made of?: a fact of a part."""
        reference, subject = self._subject(scene)
        known = [
            (part.object, label)
            for part in self._parts(subject)
            for label in grouped("finer_questions", "part_fact")
            if any(self._label(fact) == label for fact in self.knowledge.facts(part.object))
        ]
        if not known:
            return None
        part, label = self.random.choice(known)
        facts = [fact for fact in self.knowledge.facts(part) if self._label(fact) == label]
        wording = self.random.choice(grouped("finer_questions", "part_fact")[label])
        name = self.knowledge.label(part)
        name = plural(name) if wording.startswith("What are") else name
        text = agreeing(wording, reference.phrase)
        answers = frozenset(fact.object for fact in facts)
        return GeneratedQuestion(
            text=capital(text.format(p=name, s=reference.phrase)),
            kind="fact of a part",
            subject=subject,
            wording=wording,
            answers=answers,
            path=frozenset((part, one) for one in answers),
            fact=(part, label),
        )

    def side(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Is X on the left or on the right?: where it was seen."""
        reference = self.references.choose(scene)
        side = self.random.choice(list(nested("finer_questions", "sides").values()))
        edges = [
            edge
            for node in reference.targets
            for edge in scene.graph.edges_from(node.id)
            if edge.relation == HAS_POSITION
            and scene.graph.node(edge.target).label in side["answers"]
        ]
        if not edges:
            return None
        wording = self.random.choice(side["wordings"])
        return GeneratedQuestion(
            text=capital(agreeing(wording, reference.phrase).format(s=reference.phrase)),
            kind="side",
            subject=scene.concept[reference.targets[0].id],
            wording=wording,
            answers=frozenset(edge.target for edge in edges),
            path=reference.path | {(edge.source, edge.target) for edge in edges},
        )

    def _fact_question(
        self,
        scene: ReferenceScene,
        reference: Reference,
        subject: str,
        facts: Sequence[Fact],
        wording: str,
        name: str,
    ) -> GeneratedQuestion:
        answers = frozenset(fact.object for fact in facts)
        seen: list[Node] = [node for node in scene.objects if scene.concept[node.id] in answers]
        return GeneratedQuestion(
            text=ask_about(wording, reference.phrase),
            kind="typed fact",
            subject=subject,
            wording=name,
            answers=answers | {node.id for node in seen},
            path=_seen(reference, subject) | {(subject, one) for one in answers},
        )

    def _subject(self, scene: ReferenceScene) -> tuple[Reference, str]:
        reference = self.references.choose(scene)
        return reference, scene.concept[reference.targets[0].id]

    def _parts(self, subject: str) -> list[Fact]:
        return [fact for fact in self.knowledge.facts(subject) if self._label(fact) == HAS_PART]

    def _label(self, fact: Fact) -> str:
        label = self.knowledge.relations[fact.relation].label
        return "" if label == IS_A and fact.via else label

    def _categories(self, concept: str) -> set[str]:
        return {self.knowledge.label(one) for one in self.knowledge.categories(concept)}


def _seen(reference: Reference, subject: str) -> frozenset[tuple[str, str]]:
    """Return the edges from the words to what is known of the object."""
    return reference.path | {(node.id, subject) for node in reference.targets}

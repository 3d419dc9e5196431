"""Questions about photographs, generated from their graphs and the knowledge.

Each question carries what must be found: the answering nodes, yes or no, or the objects
to count, and the edges that lead there.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from kg.english import plural
from kg.graph import SceneGraph
from kg.knowledge.facts import Fact
from kg.knowledge.memory import Knowledge
from kg.vocabulary import IS_A
from pipelines.build.builder import GraphBuilder
from pipelines.generate.finer_questions import FinerQuestions
from pipelines.generate.question import (
    TOO_GENERAL,
    VISIBLE,
    GeneratedQuestion,
    Reference,
    References,
    ReferenceScene,
)
from pipelines.generate.seen_questions import SeenQuestions, SpatialQuestions
from pipelines.generate.wordings import (
    agreeing,
    ask_about,
    asks,
    bare_verb,
    capital,
    countable,
    one_of,
)
from pipelines.reading.wordings import grouped, listed

MIN_FACTS = 5
"""Concepts with fewer stated facts are not asked about by name."""
KIND_ASKED = 0.2
"""Share of yes/no questions that are about the category, whatever else is known."""
ABILITY = "can"
ABILITY_ASKED = 0.3
"""Share of yes/no questions that are about an ability, whatever else is known."""
TYPED = 0.6
"""Share of the questions for a fact that are worded as people type, where such are written."""
UNKNOWN_WORDS = 0.06
"""Share of yes/no questions about a word that does not exist."""


class QuestionWriter:
    """Writes questions about scenes; the same seed writes the same ones.

    typed: also in the wordings of people who type (`data/wordings/typed.yaml`).
    """

    def __init__(
        self, knowledge: Knowledge, builder: GraphBuilder, seed: int = 0, typed: bool = False
    ) -> None:
        self.knowledge = knowledge
        self.typed = typed
        self.builder = builder
        self.random = random.Random(seed)
        self.references = References(knowledge, builder, self.random)
        self.seen = SeenQuestions(self.references, self.random)
        self.places = SpatialQuestions(self.references, self.random)
        self.finer = FinerQuestions(knowledge, self.references, self.random)
        self.asks = {
            relation.label: asks(relation.label, relation.asks)
            for relation in knowledge.relations.values()
        }
        self.ranges: dict[str, list[str]] = {}
        self.subjects = [
            concept
            for concept in sorted(knowledge.concepts)
            if len(knowledge.facts(concept, inherited=False)) >= MIN_FACTS
        ]
        for concept in knowledge.concepts:
            for fact in knowledge.facts(concept, inherited=False):
                label = knowledge.relations[fact.relation].label
                if knowledge.label(fact.object) not in TOO_GENERAL:
                    self.ranges.setdefault(label, []).append(fact.object)
        self.visible = [
            concept
            for concept in sorted(knowledge.concepts)
            if VISIBLE & set(map(knowledge.label, knowledge.categories(concept)))
        ]
        for objects in self.ranges.values():
            objects.sort()

    def write(self, graph: SceneGraph, amount: int) -> Iterator[GeneratedQuestion]:
        """Yield up to `amount` questions about a photograph's graph (built without text)."""
        scene = ReferenceScene.of(graph)
        if not scene.objects:
            return
        writers: list[tuple[Callable[[ReferenceScene], GeneratedQuestion | None], int]] = [
            (self.fact, 34),
            (self.known, 6),
            (self.yes_no, 36),
            (self.select, 24),
            (self.places.which, 8),
            (self.exists, 6),
            (self.count, 6),
            (self.places.whether, 4),
            (self.unanswerable, 4),
            (self.nothing_there, 3),
            (self.seen.attribute, 14),
            (self.seen.colour_yes_no, 4),
            (self.seen.colour_select, 3),
            (self.seen.place, 3),
            (self.seen.doing, 5),
            (self.finer.typed, 14),
            (self.finer.kind_of, 5),
            (self.finer.one_class, 3),
            (self.finer.part_select, 8),
            (self.finer.part_fact, 4),
            (self.finer.side, 2),
        ]
        kinds, weights = zip(*writers, strict=True)
        for _ in range(amount):
            question = self.random.choices(kinds, weights)[0](scene)
            if question is not None:
                yield question

    def fact(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What is X used for?: the object of a fact."""
        reference = self.references.choose(scene)
        return self._fact_about(scene.concept[reference.targets[0].id], reference)

    def known(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What is a violin used for?: about something that is not in the photograph."""
        seen = set(scene.concept.values())
        subject = self.random.choice(self.subjects)
        if subject in seen or any(subject in self.knowledge.categories(one) for one in seen):
            return None
        return self._fact_about(subject, Reference(one_of(self.knowledge.label(subject)), ()))

    def _fact_about(self, subject: str, reference: Reference) -> GeneratedQuestion | None:
        by_relation: dict[str, list[Fact]] = {}
        for fact in self.knowledge.facts(subject):
            label = self.knowledge.relations[fact.relation].label
            if self.asks.get(label) and not (label == IS_A and fact.via):
                by_relation.setdefault(label, []).append(fact)
        if not by_relation:
            return None
        label = self.random.choice(sorted(by_relation))
        facts = by_relation[label]
        typed = grouped("typed", "facts").get(label, ()) if self.typed else ()
        if typed and self.random.random() < TYPED:
            wording = self.random.choice(typed)
            text = agreeing(wording, reference.phrase).format(s=reference.phrase)
        else:
            wording = self.random.choice(self.asks[label])
            text = ask_about(wording, reference.phrase)
        return GeneratedQuestion(
            text=text,
            kind="fact",
            subject=subject,
            wording=wording,
            answers=frozenset(fact.object for fact in facts),
            path=reference.path
            | {(node.id, subject) for node in reference.targets}
            | {(subject, fact.object) for fact in facts},
            fact=(subject, label),
        )

    def yes_no(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Is X a Y, can it, does it have: half yes, half no."""
        reference = self.references.choose(scene)
        subject = scene.concept[reference.targets[0].id]
        wordings = self._wordings("yes_no")
        true: dict[str, set[str]] = {}
        for fact in self.knowledge.facts(subject):
            label = self.knowledge.relations[fact.relation].label
            if label in wordings and self.knowledge.label(fact.object) not in TOO_GENERAL:
                true.setdefault(label, set()).add(fact.object)
        is_yes = bool(true) and self.random.random() < 0.5
        labels = sorted(true if is_yes else wordings)
        usual = self.random.random()
        if IS_A in labels and usual < KIND_ASKED:
            labels = [IS_A]
        elif ABILITY in labels and usual > 1 - ABILITY_ASKED:
            labels = [ABILITY]
        label = self.random.choice(labels)
        if is_yes:
            object_: str | None = self.random.choice(sorted(true[label]))
        else:
            object_ = self._false_object(subject, label, true.get(label, set()))
        if object_ is None:
            return None
        wording = self.random.choice(wordings[label])
        if self.random.random() < UNKNOWN_WORDS:
            return self._unknown_word(subject, wording, reference)
        text = self._fill(agreeing(wording, reference.phrase), object_)
        text = text.replace("{s}", reference.phrase)
        path = reference.path | {(node.id, subject) for node in reference.targets}
        return GeneratedQuestion(
            text=capital(text),
            kind="yes/no",
            subject=subject,
            wording=wording,
            yes=is_yes,
            path=path | ({(subject, object_)} if is_yes else set()),
            fact=(subject, label),
        )

    def select(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """Which object can be used for Y?: an object of the photograph, by what is known."""
        wordings = self._wordings("select")
        node = self.random.choice(scene.objects)
        facts = [
            (self.knowledge.relations[fact.relation].label, fact)
            for fact in self.knowledge.facts(scene.concept[node.id])
        ]
        facts = [
            (label, fact)
            for label, fact in facts
            if label in wordings and self.knowledge.label(fact.object) not in TOO_GENERAL
        ]
        if not facts:
            return None
        label = self.random.choice(sorted({label for label, _ in facts}))
        fact = self.random.choice([fact for name, fact in facts if name == label])
        wording = self.random.choice(wordings[label])
        right = [
            one
            for one in scene.objects
            if any(
                other.object == fact.object and other.relation == fact.relation
                for other in self.knowledge.facts(scene.concept[one.id])
            )
        ]
        return GeneratedQuestion(
            text=self._fill(wording, fact.object),
            kind="select",
            subject=scene.concept[node.id],
            wording=wording,
            answers=frozenset(one.id for one in right),
            path=frozenset((one.id, scene.concept[one.id]) for one in right)
            | {(scene.concept[one.id], fact.object) for one in right},
        )

    def _wordings(self, table: str) -> Mapping[str, Sequence[str]]:
        """Return the wordings of a table by relation, with those of people who type."""
        wordings = grouped("questions", table)
        if not self.typed:
            return wordings
        more = grouped("typed", table)
        return {label: (*found, *more.get(label, ())) for label, found in wordings.items()}

    def exists(self, scene: ReferenceScene) -> GeneratedQuestion:
        """Is there an X in the picture?"""
        if self.random.random() < 0.5:
            node = self.random.choice(scene.objects)
            name, subject = self.random.choice(self.references.names(scene, node))
        else:
            seen = set(scene.concept.values())
            while True:
                subject = self.random.choice(self.visible)
                below = subject in seen or any(
                    subject in self.knowledge.categories(one) for one in seen
                )
                above = any(one in self.knowledge.categories(subject) for one in seen)
                if not below and not above:
                    break
            name = self.knowledge.label(subject)
        present = self.references.members(scene, name)
        wordings = [
            one for one in listed("questions", "exists") if countable(name) or "{xs}" not in one
        ]
        wording = self.random.choice(wordings)
        return GeneratedQuestion(
            text=wording.format(a_x=one_of(name), xs=plural(name)),
            kind="exists",
            subject=subject,
            wording=wording,
            yes=bool(present),
        )

    def count(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """How many X are there?"""
        node = self.random.choice(scene.objects)
        name, subject = self.random.choice(self.references.names(scene, node))
        if self.random.random() < 0.1:
            subject = self.random.choice(self.visible)
            name = self.knowledge.label(subject)
        if not countable(name):
            return None
        wording = self.random.choice(listed("questions", "count"))
        return GeneratedQuestion(
            text=wording.format(xs=plural(name)),
            kind="count",
            subject=subject,
            wording=wording,
            counted=frozenset(one.id for one in self.references.members(scene, name)),
        )

    def unanswerable(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What does the chair eat?: the graph holds no such fact."""
        reference = self.references.choose(scene)
        subject = scene.concept[reference.targets[0].id]
        known = {
            self.knowledge.relations[fact.relation].label for fact in self.knowledge.facts(subject)
        }
        missing = [label for label in sorted(self.asks) if self.asks[label] and label not in known]
        if not missing:
            return None
        label = self.random.choice(missing)
        wording = self.random.choice(self.asks[label])
        return GeneratedQuestion(
            text=ask_about(wording, reference.phrase),
            kind="unanswerable",
            subject=subject,
            wording=wording,
            answerable=False,
        )

    def nothing_there(self, scene: ReferenceScene) -> GeneratedQuestion | None:
        """What is the object left of the X used for?: where nothing is left of X."""
        found = self.references.empty_place(scene)
        if found is None:
            return None
        anchor, where = found
        wording = self.random.choice(listed("spatial_questions", "select"))
        text = wording.format(where=where, anchor=anchor.label)
        if self.random.random() < 0.7:
            label = self.random.choice([label for label in sorted(self.asks) if self.asks[label]])
            wording = self.random.choice(self.asks[label])
            noun = self.random.choice(listed("spatial_questions", "nouns"))
            text = ask_about(wording, f"the {noun} {where} the {anchor.label}")
        return GeneratedQuestion(
            text=text,
            kind="nothing there",
            subject=scene.concept[anchor.id],
            wording=wording,
            answerable=False,
        )

    def _unknown_word(self, subject: str, wording: str, reference: Reference) -> GeneratedQuestion:
        """Is this a florb?: nobody can tell, since no concept has that name."""
        word = "".join(
            self.random.choice("bdfgklmnprstvz") + self.random.choice("aeiou")
            for _ in range(self.random.choice([2, 3]))
        )
        text = agreeing(wording, reference.phrase)
        text = text.format(s=reference.phrase, o=word, a_o=f"a {word}", verb=word)
        return GeneratedQuestion(
            text=capital(text),
            kind="yes/no unknown",
            subject=subject,
            wording=wording,
            yes=False,
            answerable=False,
        )

    def _false_object(self, subject: str, label: str, true: set[str]) -> str | None:
        """Return something of the relation's range that does not hold of `subject`, if any.

        What holds of it holds of it in general, too: what eats meat eats food.
        """
        held = {up for one in (subject, *true) for up in (one, *self.knowledge.categories(one))}
        for object_ in self.random.sample(self.ranges[label], len(self.ranges[label])):
            below = label == IS_A and subject in self.knowledge.categories(object_)
            if object_ not in held and not below:
                return object_
        return None

    def _fill(self, wording: str, object_: str) -> str:
        label = self.knowledge.label(object_)
        verb = bare_verb(self.knowledge, object_)
        return wording.format(o=label, a_o=one_of(label), verb=verb, s="{s}")

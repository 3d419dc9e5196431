"""Questions about photographs, generated from their graphs and the knowledge.

Each question carries what must be found: the answering nodes, yes or no, or the objects
to count, and the edges that lead there.
"""

from __future__ import annotations

import math
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kg.graph import Edge, Node, SceneGraph
from kg.knowledge import Fact, Knowledge
from kg.vocabulary import IS_A, EdgeKind, NodeKind
from pipelines.build import GraphBuilder
from pipelines.tasks import templates

HELD_OUT_CONCEPTS = 0.12
HELD_OUT_WORDINGS = 0.1
"""Shares that training never sees: concepts as subjects, and wordings."""

MIN_FACTS = 5
"""Concepts with fewer stated facts are not asked about by name."""
KIND_ASKED = 0.2
"""Share of yes/no questions that are about the category, whatever else is known."""
UNKNOWN_WORDS = 0.06
"""Share of yes/no questions about a word that does not exist."""

_PRONOUNS = ("this", "it", "this thing", "this object")
_TOO_GENERAL = {"thing", "object", "substance", "man-made object"}


@dataclass(frozen=True, slots=True)
class Question:
    """A generated question.

    answers: ids of nodes that answer it; counted: ids of the objects to count; yes: for
    yes/no questions, None for the others. answerable: False where the graph does not say.
    path: (source, target) of the edges on the way, besides those that start at words.
    kind: the template family; subject: the concept asked about; wording: the template.
    fact: (subject, relation label) whose objects are asked for, for fact and yes/no questions.
    """

    text: str
    kind: str
    subject: str
    wording: str
    answers: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    yes: bool | None = None
    answerable: bool = True
    path: frozenset[tuple[str, str]] = frozenset()
    fact: tuple[str, str] | None = None


@dataclass(slots=True)
class Scene:
    """A photograph's graph without text, with each object's concept."""

    graph: SceneGraph
    objects: list[Node]
    concept: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: SceneGraph) -> Scene:
        scene = cls(graph, graph.nodes(NodeKind.OBJECT))
        for edge in graph.edges(EdgeKind.LINK):
            scene.concept.setdefault(edge.source, edge.target)
        scene.objects = [node for node in scene.objects if node.id in scene.concept]
        return scene

    def same_label(self, node: Node) -> list[Node]:
        return [one for one in self.objects if one.label == node.label]


@dataclass(frozen=True, slots=True)
class Reference:
    """A phrase for some objects: "this animal" -> (the cat), with the edges it relies on."""

    phrase: str
    targets: tuple[Node, ...]
    path: frozenset[tuple[str, str]] = frozenset()


class QuestionWriter:
    """Writes questions about scenes; the same seed writes the same ones."""

    def __init__(self, knowledge: Knowledge, builder: GraphBuilder, seed: int = 0) -> None:
        self.knowledge = knowledge
        self.builder = builder
        self.random = random.Random(seed)
        self.by_label = {one.label: one for one in knowledge.relations.values()}
        self.asks = {
            relation.label: _asks(relation.label, relation.asks)
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
                if knowledge.label(fact.object) not in _TOO_GENERAL:
                    self.ranges.setdefault(label, []).append(fact.object)
        for objects in self.ranges.values():
            objects.sort()

    def write(self, graph: SceneGraph, amount: int) -> Iterator[Question]:
        """Yield up to `amount` questions about a photograph's graph (built without text)."""
        scene = Scene.of(graph)
        if not scene.objects:
            return
        writers: list[tuple[Callable[[Scene], Question | None], int]] = [
            (self.fact, 34),
            (self.known, 6),
            (self.yes_no, 26),
            (self.select, 12),
            (self.spatial, 8),
            (self.exists, 6),
            (self.count, 6),
            (self.spatial_yes_no, 4),
            (self.unanswerable, 4),
        ]
        kinds, weights = zip(*writers, strict=True)
        for _ in range(amount):
            question = self.random.choices(kinds, weights)[0](scene)
            if question is not None:
                yield question

    def fact(self, scene: Scene) -> Question | None:
        """What is X used for?: the object of a fact."""
        reference = self._reference(scene)
        return self._fact_about(scene.concept[reference.targets[0].id], reference)

    def known(self, scene: Scene) -> Question | None:
        """What is a violin used for?: about something that is not in the photograph."""
        seen = set(scene.concept.values())
        subject = self.random.choice(self.subjects)
        if subject in seen or any(subject in self.knowledge.categories(one) for one in seen):
            return None
        return self._fact_about(subject, Reference(with_article(self.knowledge.label(subject)), ()))

    def _fact_about(self, subject: str, reference: Reference) -> Question | None:
        by_relation: dict[str, list[Fact]] = {}
        for fact in self.knowledge.facts(subject):
            label = self.knowledge.relations[fact.relation].label
            if self.asks.get(label) and not (label == IS_A and fact.via):
                by_relation.setdefault(label, []).append(fact)
        if not by_relation:
            return None
        label = self.random.choice(sorted(by_relation))
        wording = self.random.choice(self.asks[label])
        facts = by_relation[label]
        return Question(
            text=_ask_about(wording, reference.phrase),
            kind="fact",
            subject=subject,
            wording=wording,
            answers=frozenset(fact.object for fact in facts),
            path=reference.path
            | {(node.id, subject) for node in reference.targets}
            | {(subject, fact.object) for fact in facts},
            fact=(subject, label),
        )

    def yes_no(self, scene: Scene) -> Question | None:
        """Is X a Y, can it, does it have: half yes, half no."""
        reference = self._reference(scene)
        subject = scene.concept[reference.targets[0].id]
        true: dict[str, set[str]] = {}
        for fact in self.knowledge.facts(subject):
            label = self.knowledge.relations[fact.relation].label
            if label in templates.YES_NO and self.knowledge.label(fact.object) not in _TOO_GENERAL:
                true.setdefault(label, set()).add(fact.object)
        wanted = bool(true) and self.random.random() < 0.5
        labels = sorted(true if wanted else templates.YES_NO)
        if IS_A in labels and self.random.random() < KIND_ASKED:
            labels = [IS_A]
        label = self.random.choice(labels)
        if wanted:
            object_ = self.random.choice(sorted(true[label]))
        else:
            object_ = self._false_object(subject, label, true.get(label, set()))
        wording = self.random.choice(templates.YES_NO[label])
        if self.random.random() < UNKNOWN_WORDS:
            return self._unknown_word(subject, wording, reference)
        text = self._fill(wording, object_).replace("{s}", reference.phrase)
        path = reference.path | {(node.id, subject) for node in reference.targets}
        return Question(
            text=_capital(text),
            kind="yes/no",
            subject=subject,
            wording=wording,
            yes=wanted,
            path=path | ({(subject, object_)} if wanted else set()),
            fact=(subject, label),
        )

    def select(self, scene: Scene) -> Question | None:
        """Which object can be used for Y?: an object of the photograph, by what is known."""
        node = self.random.choice(scene.objects)
        facts = [
            (self.knowledge.relations[fact.relation].label, fact)
            for fact in self.knowledge.facts(scene.concept[node.id])
        ]
        facts = [
            (label, fact)
            for label, fact in facts
            if label in templates.SELECT and self.knowledge.label(fact.object) not in _TOO_GENERAL
        ]
        if not facts:
            return None
        label = self.random.choice(sorted({label for label, _ in facts}))
        fact = self.random.choice([fact for name, fact in facts if name == label])
        wording = self.random.choice(templates.SELECT[label])
        right = [
            one
            for one in scene.objects
            if any(
                other.object == fact.object and other.relation == fact.relation
                for other in self.knowledge.facts(scene.concept[one.id])
            )
        ]
        return Question(
            text=self._fill(wording, fact.object),
            kind="select",
            subject=scene.concept[node.id],
            wording=wording,
            answers=frozenset(one.id for one in right),
            path=frozenset((one.id, scene.concept[one.id]) for one in right)
            | {(scene.concept[one.id], fact.object) for one in right},
        )

    def spatial(self, scene: Scene) -> Question | None:
        """What is left of X?"""
        found = self._spatial_pair(scene)
        if found is None:
            return None
        anchor, relation, targets, edges = found
        wording = self.random.choice(templates.SPATIAL_SELECT)
        where = self.random.choice(templates.SPATIAL_PHRASES[relation])
        return Question(
            text=wording.format(where=where, anchor=anchor.label),
            kind="spatial",
            subject=scene.concept[anchor.id],
            wording=where,
            answers=frozenset(node.id for node in targets),
            path=frozenset((edge.source, edge.target) for edge in edges),
        )

    def spatial_yes_no(self, scene: Scene) -> Question | None:
        """Is X left of Y?"""
        found = self._spatial_pair(scene)
        if found is None:
            return None
        anchor, relation, _, _ = found
        other = self.random.choice(scene.objects)
        if other.label == anchor.label:
            return None
        edges = [
            edge
            for one in scene.same_label(other)
            for edge in scene.graph.edges_between(one.id, anchor.id)
            if edge.relation == relation
        ]
        where = self.random.choice(templates.SPATIAL_PHRASES[relation])
        wording = self.random.choice(templates.SPATIAL_YES_NO)
        text = wording.format(
            x=other.label, a_x=with_article(other.label), where=where, anchor=anchor.label
        )
        return Question(
            text=text,
            kind="spatial yes/no",
            subject=scene.concept[anchor.id],
            wording=where,
            yes=bool(edges),
            path=frozenset((edge.source, edge.target) for edge in edges),
        )

    def exists(self, scene: Scene) -> Question:
        """Is there an X in the picture?"""
        wording = self.random.choice(templates.EXISTS)
        if self.random.random() < 0.5:
            node = self.random.choice(scene.objects)
            names = [node.label, *self._categories(scene.concept[node.id])]
            name = self.random.choice(names)
            subject = scene.concept[node.id]
        else:
            seen = set(scene.concept.values())
            while True:
                subject = self.random.choice(self.ranges[IS_A] + sorted(self.knowledge.concepts))
                below = subject in seen or any(
                    subject in self.knowledge.categories(one) for one in seen
                )
                above = any(one in self.knowledge.categories(subject) for one in seen)
                if not below and not above:
                    break
            name = self.knowledge.label(subject)
        present = self._members(scene, name)
        return Question(
            text=wording.format(a_x=with_article(name), xs=plural(name)),
            kind="exists",
            subject=subject,
            wording=wording,
            yes=bool(present),
        )

    def count(self, scene: Scene) -> Question:
        """How many X are there?"""
        node = self.random.choice(scene.objects)
        name = self.random.choice([node.label, *self._categories(scene.concept[node.id])])
        if self.random.random() < 0.1:
            name = self.knowledge.label(self.random.choice(self.ranges[IS_A]))
        wording = self.random.choice(templates.COUNT)
        return Question(
            text=wording.format(xs=plural(name)),
            kind="count",
            subject=scene.concept[node.id],
            wording=wording,
            counted=frozenset(one.id for one in self._members(scene, name)),
        )

    def unanswerable(self, scene: Scene) -> Question | None:
        """What does the chair eat?: the graph holds no such fact."""
        reference = self._reference(scene)
        subject = scene.concept[reference.targets[0].id]
        known = {
            self.knowledge.relations[fact.relation].label for fact in self.knowledge.facts(subject)
        }
        missing = [label for label in sorted(self.asks) if self.asks[label] and label not in known]
        if not missing:
            return None
        label = self.random.choice(missing)
        wording = self.random.choice(self.asks[label])
        return Question(
            text=_ask_about(wording, reference.phrase),
            kind="unanswerable",
            subject=subject,
            wording=wording,
            answerable=False,
        )

    def _unknown_word(self, subject: str, wording: str, reference: Reference) -> Question:
        """Is this a florb?: nobody can tell, since no concept has that name."""
        word = "".join(
            self.random.choice("bdfgklmnprstvz") + self.random.choice("aeiou")
            for _ in range(self.random.choice([2, 3]))
        )
        text = wording.format(s=reference.phrase, o=word, a_o=f"a {word}", verb=word)
        return Question(
            text=_capital(text),
            kind="yes/no unknown",
            subject=subject,
            wording=wording,
            yes=False,
            answerable=False,
        )

    def _reference(self, scene: Scene) -> Reference:
        """Return a phrase for an object: by name, category, pronoun or place."""
        choice = self.random.random()
        if choice < 0.25 and (found := self._spatial_pair(scene)) is not None:
            anchor, relation, targets, edges = found
            if len({node.label for node in targets}) == 1:
                where = self.random.choice(templates.SPATIAL_PHRASES[relation])
                noun = self.random.choice(
                    ["object", "thing", *self._categories(scene.concept[targets[0].id])]
                )
                return Reference(
                    f"the {noun} {where} the {anchor.label}",
                    targets,
                    frozenset((edge.source, edge.target) for edge in edges),
                )
        if choice < 0.4:
            node = _most_prominent(scene.objects)
            return Reference(self.random.choice(_PRONOUNS), (node,))
        node = self.random.choice(scene.objects)
        if choice < 0.65:
            category = self.random.choice(self._categories(scene.concept[node.id]) or [node.label])
            members = self._members(scene, category)
            if members and _most_prominent(members).label == node.label:
                article = self.random.choice(["this", "the", "this", "that"])
                return Reference(f"{article} {category}", tuple(scene.same_label(node)))
        name = self.random.choice([node.label, node.label, *self._aliases(scene, node)])
        article = self.random.choice(["the", "this", "the", "a"])
        phrase = with_article(name) if article == "a" else f"{article} {name}"
        return Reference(phrase, tuple(scene.same_label(node)))

    def _spatial_pair(self, scene: Scene) -> tuple[Node, str, tuple[Node, ...], list[Edge]] | None:
        """Return an anchor of unique label, a relation, and what stands so to it."""
        anchors = [node for node in scene.objects if len(scene.same_label(node)) == 1]
        if not anchors:
            return None
        anchor = self.random.choice(anchors)
        edges = [
            edge
            for edge in scene.graph.edges_to(anchor.id)
            if edge.kind == EdgeKind.SPATIAL and edge.source in scene.concept
        ]
        relations = sorted({edge.relation for edge in edges} & set(templates.SPATIAL_PHRASES))
        if not relations:
            return None
        relation = self.random.choice([*relations, *(["near"] * 3 if "near" in relations else [])])
        edges = [edge for edge in edges if edge.relation == relation]
        best = max(edge.score for edge in edges)
        edges = [edge for edge in edges if edge.score >= 0.8 * best]
        targets = tuple(scene.graph.node(edge.source) for edge in edges)
        return anchor, relation, targets, edges

    def _members(self, scene: Scene, name: str) -> list[Node]:
        """Return the objects that `name` is the label or a category of."""
        meant = {one.concept for one in self.builder.linker.best(name)}
        return [
            node
            for node in scene.objects
            if node.label == name
            or meant & {scene.concept[node.id], *self.knowledge.categories(scene.concept[node.id])}
        ]

    def _categories(self, concept: str) -> list[str]:
        labels = [self.knowledge.label(one) for one in self.knowledge.categories(concept)]
        return [label for label in labels if label not in _TOO_GENERAL][:4]

    def _aliases(self, scene: Scene, node: Node) -> list[str]:
        concept = self.knowledge.concepts.get(scene.concept[node.id])
        return list(concept.aliases) if concept else []

    def _false_object(self, subject: str, label: str, true: set[str]) -> str:
        """Return something of the relation's range that does not hold of `subject`."""
        categories = {subject, *self.knowledge.categories(subject)}
        while True:
            object_ = self.random.choice(self.ranges[label])
            below = categories & set(self.knowledge.categories(object_))
            if object_ not in true | categories and not (label == IS_A and subject in below):
                return object_

    def _fill(self, wording: str, object_: str) -> str:
        label = self.knowledge.label(object_)
        concept = self.knowledge.concepts.get(object_)
        verbs = [one for one in (concept.aliases if concept else []) if not one.endswith("ing")]
        verb = min(verbs, key=len) if verbs else f"do {label}"
        return wording.format(o=label, a_o=with_article(label), verb=verb, s="{s}")


def held_out(name: str, share: float) -> bool:
    """Decide by a hash, so that the same names are held out in every run."""
    return zlib.crc32(name.encode()) % 1000 < 1000 * share


def is_validation(question: Question) -> bool:
    """Whether training must not see `question`: its concept or its wording is held out."""
    return held_out(question.subject, HELD_OUT_CONCEPTS) or held_out(
        question.wording, HELD_OUT_WORDINGS
    )


def with_article(noun: str) -> str:
    """Return 'a cup', 'an oven'; a plural stays bare."""
    if noun.endswith("s") and not noun.endswith("ss"):
        return noun
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def plural(noun: str) -> str:
    """Return the regular plural, with the few irregular ones that photographs need."""
    irregular = {
        "person": "people",
        "man": "men",
        "woman": "women",
        "child": "children",
        "mouse": "mice",
        "knife": "knives",
        "sheep": "sheep",
        "bus": "buses",
    }
    head, _, last = noun.rpartition(" ")
    if last in irregular:
        return f"{head} {irregular[last]}".strip()
    if noun.endswith("s") and not noun.endswith("ss"):
        return noun
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "x", "ch", "sh")) else "s")


def _asks(label: str, wordings: Sequence[str]) -> list[str]:
    """Keep the wordings that ask for the object of a fact and name the subject 'it'."""
    starts = ("what", "where", "who", "why", "how", "when", "which", "in ", "on ", "at ", "for ")
    usable = [
        one
        for one in (*wordings, *templates.MORE_ASKS.get(label, ()))
        if one.startswith(starts)
        and one not in templates.DROPPED_ASKS
        and not one.startswith(("which one", "which object is", "which of them", "which thing"))
        and set(one.split()) & {"it", "its"}
    ]
    return list(dict.fromkeys(usable))


def _ask_about(wording: str, phrase: str) -> str:
    """Put `phrase` where the wording says "it"; "its food" becomes "the food of PHRASE"."""
    words = wording.split()
    if "its" in words and phrase != "it":
        place = words.index("its")
        words[place : place + 2] = ["the", words[place + 1], "of", phrase]
    elif "it" in words:
        words[len(words) - 1 - words[::-1].index("it")] = phrase
    return _capital(" ".join(words)) + "?"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _most_prominent(objects: Sequence[Node]) -> Node:
    def size(node: Node) -> float:
        if node.box is None:
            return node.score
        area = (node.box[2] - node.box[0]) * (node.box[3] - node.box[1])
        return node.score * math.sqrt(area)

    return max(objects, key=size)


__all__ = ["Question", "QuestionWriter", "Scene", "is_validation"]

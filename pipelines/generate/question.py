"""A generated question, and the phrases by which it refers to the objects of a photograph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from kg.english import plural
from kg.graph import Edge, Node, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.builder import GraphBuilder
from pipelines.generate.wordings import countable, one_of
from pipelines.reading.wordings import grouped, listed


@dataclass(frozen=True, slots=True)
class GeneratedQuestion:
    """A generated question.

    answers: ids of nodes that answer it; counted: ids of the objects to count; yes: for
    yes/no questions, None for the others. answerable: False if the graph does not hold the answer.
    path: (source, target) of the edges on the path, except those that start at words.
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


TOO_GENERAL = {"thing", "object", "substance", "man-made object"}
MAX_CATEGORIES = 4
"""Categories by which an object is called: the nearest."""
VISIBLE = frozenset({"object", "living thing", "food", "plant", "animal"})
"""Categories of what a photograph may show."""


@dataclass(slots=True)
class ReferenceScene:
    """A photograph's graph without text, with each object's concept."""

    graph: SceneGraph
    objects: list[Node]
    concept: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: SceneGraph) -> ReferenceScene:
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


class References:
    """Chooses phrases and the objects that they denote."""

    def __init__(self, knowledge: Knowledge, builder: GraphBuilder, random: Random) -> None:
        self.knowledge = knowledge
        self.linker = builder.linker or Linker(builder.knowledge)
        self.random = random

    def choose(self, scene: ReferenceScene) -> Reference:
        """Return a phrase for an object: by name, category, pronoun or place."""
        choice = self.random.random()
        if choice < 0.25 and (found := self.spatial_pair(scene)) is not None:
            anchor, relation, targets, edges = found
            if len({node.label for node in targets}) == 1:
                where = self.random.choice(grouped("spatial_questions", "phrases")[relation])
                categories = self.categories(scene.concept[targets[0].id])
                noun = self.random.choice([*listed("spatial_questions", "nouns"), *categories])
                return Reference(
                    f"the {noun} {where} the {anchor.label}",
                    targets,
                    frozenset((edge.source, edge.target) for edge in edges),
                )
        if choice < 0.4:
            node = most_prominent(scene.objects)
            return Reference(self.random.choice(listed("references", "pronouns")), (node,))
        node = self.random.choice(scene.objects)
        if choice < 0.65:
            category = self.random.choice(self.categories(scene.concept[node.id]) or [node.label])
            members = self.members(scene, category)
            if members and most_prominent(members).label == node.label:
                if self.random.random() < 0.4:
                    phrase = self._of_sort(category, node, scene)
                    return Reference(phrase, tuple(scene.same_label(node)))
                phrase = self._phrase("category", category)
                return Reference(phrase, tuple(scene.same_label(node)))
        if choice < 0.72 and node.label == "person":
            phrase = self.random.choice(listed("references", "persons"))
            return Reference(phrase, tuple(scene.same_label(node)))
        name = self.random.choice([node.label, node.label, *self.aliases(scene, node)])
        if choice < 0.8:
            return Reference(self._of_sort(name, node, scene), tuple(scene.same_label(node)))
        return Reference(self._phrase("name", name), tuple(scene.same_label(node)))

    def _of_sort(self, name: str, node: Node, scene: ReferenceScene) -> str:
        """Return "these dogs", "a dog like this" and the like."""
        several = len(scene.same_label(node)) > 1 or self.random.random() < 0.3
        several = several and countable(name)
        return self._phrase("several" if several else "alike", name)

    def _phrase(self, table: str, name: str) -> str:
        wording = self.random.choice(listed("references", table))
        return wording.format(x=name, a_x=one_of(name), xs=plural(name))

    def spatial_pair(
        self, scene: ReferenceScene
    ) -> tuple[Node, str, tuple[Node, ...], list[Edge]] | None:
        """Return an object of unique label, a relation, and the objects so related to it."""
        anchors = [node for node in scene.objects if len(scene.same_label(node)) == 1]
        if not anchors:
            return None
        anchor = self.random.choice(anchors)
        edges = [
            edge
            for edge in scene.graph.edges_to(anchor.id)
            if edge.kind == EdgeKind.SPATIAL and edge.source in scene.concept
        ]
        phrases = grouped("spatial_questions", "phrases")
        relations = sorted({edge.relation for edge in edges} & set(phrases))
        if not relations:
            return None
        relation = self.random.choice([*relations, *(["near"] * 3 if "near" in relations else [])])
        edges = [edge for edge in edges if edge.relation == relation]
        best = max(edge.score for edge in edges)
        edges = [edge for edge in edges if edge.score >= 0.8 * best]
        targets = tuple(scene.graph.node(edge.source) for edge in edges)
        return anchor, relation, targets, edges

    def empty_place(self, scene: ReferenceScene) -> tuple[Node, str] | None:
        """Return an object of unique label and a phrase for an empty position relative to it."""
        anchor = self.random.choice(scene.objects)
        if len(scene.same_label(anchor)) > 1:
            return None
        taken = {edge.relation for edge in scene.graph.edges_to(anchor.id)}
        phrases = grouped("spatial_questions", "phrases")
        free = [one for one in phrases if one not in taken]
        if not free:
            return None
        return anchor, self.random.choice(phrases[self.random.choice(free)])

    def members(self, scene: ReferenceScene, name: str) -> list[Node]:
        """Return the objects that `name` is the label or a category of."""
        denoted = {one.concept for one in self.linker.best(name)}
        return [
            node
            for node in scene.objects
            if node.label == name
            or denoted
            & {scene.concept[node.id], *self.knowledge.categories(scene.concept[node.id])}
        ]

    def categories(self, concept: str) -> list[str]:
        return list(self._categories(concept))

    def names(self, scene: ReferenceScene, node: Node) -> list[tuple[str, str]]:
        """Return the object's label and its categories, each with the concept that it denotes."""
        concept = scene.concept[node.id]
        return [(node.label, concept), *self._categories(concept).items()]

    def _categories(self, concept: str) -> dict[str, str]:
        """Return the labels of the nearest categories, with their concepts."""
        found = {self.knowledge.label(one): one for one in self.knowledge.categories(concept)}
        return dict([pair for pair in found.items() if pair[0] not in TOO_GENERAL][:MAX_CATEGORIES])

    def aliases(self, scene: ReferenceScene, node: Node) -> list[str]:
        concept = self.knowledge.concept(scene.concept[node.id])
        return list(concept.aliases) if concept else []


def most_prominent(objects: Sequence[Node]) -> Node:
    def size(node: Node) -> float:
        if node.box is None:
            return node.score
        return node.score * math.sqrt(node.box.area)

    return max(objects, key=size)

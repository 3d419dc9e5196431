"""Which objects of the photograph the words of a text mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kg.facts import KnowledgeGraph
from kg.graph import Node, SceneGraph
from kg.linking import Linker
from kg.names import normalise
from kg.vocabulary import NodeKind
from pipelines.agreement import agreement
from pipelines.parse import Constraint, Entity
from pipelines.reading.constraints import SUPERLATIVES

SAME, CATEGORY, MEMBER, GENERIC = 1.0, 0.85, 0.6, 0.4
"""Scores for "dog" meaning a dog, "animal" a dog, "man" a person, and "object" anything."""

GENERIC_NOUNS = {"object", "thing", "item", "it", "one", "something", "this", "that", "these"}
"""Words that may mean any object of the photograph, and no concept."""
NOT_PEOPLE = {"animal", "mammal", "creature", "pet"}
"""Words that are true of people, and hardly ever said of them."""
PERSON_WORDS = {"he", "she", "him", "her", "someone", "somebody", "player", "figure", "passenger"}
"""Words for a person whose trade nobody can see."""
BROAD_WORDS = {
    "machine": ("vehicle", "device", "appliance"),
    "device": ("appliance",),
    "gadget": ("device", "appliance"),
    "equipment": ("sports equipment", "device", "appliance"),
    "beast": ("animal",),
    "creature": ("animal",),
    "critter": ("animal",),
}
"""Words that are said of more than what is below them in the tree of categories."""
OTHER_HEADS = {"hot dog": "dog"}
"""Labels whose last word means something else."""
SHORTEST_TAIL = 4
"""Letters that the end of a label has at least, to be short for it: "board" for "skateboard"."""


@dataclass(frozen=True, slots=True)
class Grounding:
    """An object that an entity may mean; score in [0, 1], how: "label", "category", ..."""

    object_id: str
    score: float
    how: str


class Grounder:
    """Finds the objects that an entity may mean, by label, synonym and category.

    Where several fit equally, the larger and surer object scores higher, since "this
    animal" is rarely the one in the background; and those that agree with what the text says
    of it: "red", "on the left", "the largest", "on the table".
    """

    def __init__(self, knowledge: KnowledgeGraph, linker: Linker) -> None:
        self.knowledge = knowledge
        self.linker = linker
        self._labels: dict[str, tuple[set[str], set[str]]] = {}

    def __call__(
        self,
        entities: Sequence[Entity],
        graph: SceneGraph,
        constraints: Sequence[Constraint] = (),
    ) -> list[list[Grounding]]:
        """Return for each of `entities` the objects of `graph` that it may mean, best first.

        constraints: what the text says of the entities (`pipelines.reading.constraints`).
        """
        meant = [self._alone(entity, graph) for entity in entities]
        for one in sorted(constraints, key=lambda each: each.kind == "relation"):
            if one.entity is not None and one.kind != "negation":
                others = [] if one.other is None else meant[one.other]
                meant[one.entity] = _narrowed(graph, meant[one.entity], one, others)
        return meant

    def _alone(self, entity: Entity, graph: SceneGraph) -> list[Grounding]:
        if entity.kind != "thing":
            return []
        area = float(graph.photo.width * graph.photo.height) if graph.photo else 1.0
        objects = graph.nodes(NodeKind.OBJECT)
        fits = [(node, *self.fit(entity, node.label)) for node in objects]
        fits = [(node, fit, how) for node, fit, how in fits if fit > 0]
        prominence = {node.id: _prominence(node, area) for node, *_ in fits}
        most = max(prominence.values(), default=1.0)
        found = [
            Grounding(node.id, round(fit * (0.6 + 0.4 * prominence[node.id] / most), 4), how)
            for node, fit, how in fits
        ]
        return sorted(found, key=lambda one: -one.score)

    def fit(self, entity: Entity, label: str) -> tuple[float, str]:
        """Return how well `entity` names an object called `label`, in [0, 1], and by what."""
        name, text = _plain(entity.lemma or entity.text), _plain(entity.text)
        if normalise(label) in (name, text):
            return SAME, "label"
        meant = {one.concept for one in self.linker.best(text, name, head=True)}
        seen, above = self._of_label(label)
        if meant & seen:
            return SAME, "synonym"
        if label == "person" and name in NOT_PEOPLE:
            return GENERIC, "category"
        if meant & above:
            return (GENERIC, "generic") if name in GENERIC_NOUNS else (CATEGORY, "category")
        if any(seen & set(self.knowledge.categories(iri)) for iri in meant):
            return MEMBER, "member"
        if label == "person" and {name, text} & PERSON_WORDS:
            return MEMBER, "member"
        if {self.knowledge.label(one) for one in above} & set(BROAD_WORDS.get(name, ())):
            return CATEGORY, "category"
        if _short_for(name, normalise(label)):
            return MEMBER, "shortened"
        return (GENERIC, "generic") if name in GENERIC_NOUNS else (0.0, "")

    def _of_label(self, label: str) -> tuple[set[str], set[str]]:
        """Return the concepts that an object's label means, and their categories."""
        if label not in self._labels:
            seen = {one.concept for one in self.linker.best(label, head=True)}
            above = {one for iri in seen for one in self.knowledge.categories(iri)}
            self._labels[label] = (seen, above)
        return self._labels[label]


def _short_for(name: str, label: str) -> bool:
    """Whether `name` is the end of a longer label: "glove" of "baseball glove"."""
    if name == label or OTHER_HEADS.get(label) == name:
        return False
    return label.rpartition(" ")[2] == name or (
        len(name) >= SHORTEST_TAIL and label.endswith(name) and " " not in label
    )


def _plain(name: str) -> str:
    """Return a name without a superlative that the parser took for a part of it."""
    first, _, rest = normalise(name).partition(" ")
    return rest if rest and first in SUPERLATIVES else normalise(name)


def _narrowed(
    graph: SceneGraph,
    meant: Sequence[Grounding],
    constraint: Constraint,
    others: Sequence[Grounding],
) -> list[Grounding]:
    """Lower the scores of the objects that do not agree with `constraint`."""
    agreed = agreement(
        graph,
        [one.object_id for one in meant],
        constraint,
        {one.object_id for one in others},
    )
    found = [
        replace(one, score=round(one.score * share, 4))
        for one, share in zip(meant, agreed, strict=True)
    ]
    return sorted(found, key=lambda one: -one.score)


def _prominence(node: Node, area: float) -> float:
    if node.box is None:
        share = 0.25
    else:
        share = (node.box[2] - node.box[0]) * (node.box[3] - node.box[1]) / area
    return max(node.score * math.sqrt(share), 1e-6)

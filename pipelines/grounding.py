"""Which objects of the photograph the words of a text mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

from kg.graph import Node
from kg.knowledge import Knowledge
from kg.linking import Linker, normalise
from pipelines.parse import Entity

SAME, CATEGORY, MEMBER, GENERIC = 1.0, 0.85, 0.6, 0.4
"""Scores for "dog" meaning a dog, "animal" a dog, "man" a person, and "object" anything."""

GENERIC_NOUNS = {"object", "thing", "item", "it", "one", "something", "this", "that", "these"}
"""Words that may mean any object of the photograph, and no concept."""


@dataclass(frozen=True, slots=True)
class Grounding:
    """An object that an entity may mean; score in [0, 1], how: "label", "category", ..."""

    object_id: str
    score: float
    how: str


class Grounder:
    """Finds the objects that an entity may mean, by label, synonym and category.

    Where several fit equally, the larger and surer object scores higher, since "this
    animal" is rarely the one in the background.
    """

    def __init__(self, knowledge: Knowledge, linker: Linker) -> None:
        self.knowledge = knowledge
        self.linker = linker

    def __call__(self, entity: Entity, objects: list[Node], area: float) -> list[Grounding]:
        """Return the objects that `entity` may mean, best first.

        objects: nodes of kind object. area: the photograph's, in square pixels; objects
        without a box count as a quarter of it.
        """
        if entity.kind != "thing":
            return []
        fits = [(node, *self._fit(entity, node)) for node in objects]
        fits = [(node, fit, how) for node, fit, how in fits if fit > 0]
        prominence = {node.id: _prominence(node, area) for node, *_ in fits}
        most = max(prominence.values(), default=1.0)
        found = [
            Grounding(node.id, round(fit * (0.6 + 0.4 * prominence[node.id] / most), 4), how)
            for node, fit, how in fits
        ]
        return sorted(found, key=lambda one: -one.score)

    def _fit(self, entity: Entity, node: Node) -> tuple[float, str]:
        name = normalise(entity.lemma or entity.text)
        if name == normalise(node.label) or normalise(entity.text) == normalise(node.label):
            return SAME, "label"
        meant = {one.concept for one in self.linker.best(entity.text, entity.lemma, head=True)}
        seen = {one.concept for one in self.linker.best(node.label, head=True)}
        if meant & seen:
            return SAME, "synonym"
        if any(meant & set(self.knowledge.categories(iri)) for iri in seen):
            return (GENERIC, "generic") if name in GENERIC_NOUNS else (CATEGORY, "category")
        if any(seen & set(self.knowledge.categories(iri)) for iri in meant):
            return MEMBER, "member"
        return (GENERIC, "generic") if name in GENERIC_NOUNS else (0.0, "")


def _prominence(node: Node, area: float) -> float:
    if node.box is None:
        share = 0.25
    else:
        share = (node.box[2] - node.box[0]) * (node.box[3] - node.box[1]) / area
    return max(node.score * math.sqrt(share), 1e-6)

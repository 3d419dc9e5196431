"""Perception: attributes of the detected objects, relations between them, and the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import Protocol

import numpy as np

from kg.graph import Box
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from kg.vocabulary import ANIMAL, ARTEFACT, HAS_PROPERTY, MADE_OF, MATERIAL, SHAPE
from pipelines.detections import (
    HAS_COLOUR,
    MAY_BE_MADE_OF,
    MAY_HAVE_SHAPE,
    Detection,
    PerceivedAttribute,
    PerceptionResult,
)
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.seeing.activities import ActivityClassifier
from pipelines.seeing.classifiers import RelationClassifier, SceneClassifier
from pipelines.seeing.colours import ColourClassifier
from pipelines.seeing.geometry import measured
from pipelines.seeing.seen import SeenPhotographs

PRIORS = {(MADE_OF, MATERIAL): MAY_BE_MADE_OF, (HAS_PROPERTY, SHAPE): MAY_HAVE_SHAPE}
"""Relation and category of the object of facts about a class that hold for many instances."""
PRIOR_SCORE = 0.5
"""Score of such an attribute: chosen by hand."""
MAX_PRIORS = 2
"""Max attributes of one relation: chosen by hand."""


@dataclass(frozen=True)
class PerceptionModels:
    """The networks that perception uses, each loaded on first use.

    namer: its features of the whole photograph serve the scene; the bundled one by default.
    seen: where these features are kept between runs; None for nowhere.
    """

    namer: EfficientNetNamer | None = None
    seen: SeenPhotographs | None = None

    @cached_property
    def scenes(self) -> SceneClassifier:
        return SceneClassifier()

    @cached_property
    def colours(self) -> ColourClassifier:
        return ColourClassifier()

    @cached_property
    def relations(self) -> RelationClassifier:
        return RelationClassifier()

    @cached_property
    def activities(self) -> ActivityClassifier:
        return ActivityClassifier()

    @cached_property
    def features(self) -> EfficientNetNamer:
        return self.namer or EfficientNetNamer()

    def look(self, photo: Photo) -> np.ndarray:
        """Return the features [1280] of the whole photograph."""
        if self.seen is None:
            return self.features.look(photo)
        return self.seen.vector(photo, "whole", lambda: self.features.look(photo))

    def activity_cells(self, photo: Photo) -> np.ndarray:
        """Return the logits [Y, X, C] of each activity in each cell of the photograph."""

        def find() -> np.ndarray:
            return self.activities.cells(self.features.grid(photo))

        return find() if self.seen is None else self.seen.vector(photo, "activities", find)


class Perceiver(Protocol):
    """Finds what a photograph shows beside its objects."""

    def __call__(self, photo: Photo, objects: Sequence[Detection]) -> PerceptionResult: ...

    def edited(self, knowledge: KnowledgeGraph) -> Perceiver: ...


@dataclass(frozen=True)
class Perception:
    """Finds attributes of objects, relations between them, and the scene."""

    knowledge: KnowledgeGraph
    models: PerceptionModels = field(default_factory=PerceptionModels)

    def __call__(self, photo: Photo, objects: Sequence[Detection]) -> PerceptionResult:
        """Return the result; `objects` as `pipelines.detections.strongest` orders them."""
        geometry = measured(objects, photo.width, photo.height)
        doing = self._activities(photo, objects)
        attributes = tuple(
            (*self._colours(photo, one), *words, *self._prior(one.label), *doing.get(at, ()))
            for at, (one, words) in enumerate(zip(objects, geometry, strict=True))
        )
        return PerceptionResult(
            attributes,
            tuple(self.models.relations(objects, photo.width, photo.height)),
            self.models.scenes(self.models.look(photo)),
            supports=self.models.relations.supports(objects),
        )

    def edited(self, knowledge: KnowledgeGraph) -> Perception:
        """Return a perception with the same networks and the priors of `knowledge`."""
        return replace(self, knowledge=knowledge)

    @cached_property
    def linker(self) -> Linker:
        return Linker(self.knowledge)

    @cached_property
    def _priors(self) -> dict[str, tuple[PerceivedAttribute, ...]]:
        return {}

    def _colours(self, photo: Photo, one: Detection) -> tuple[PerceivedAttribute, ...]:
        if one.box is None:
            return ()
        return tuple(
            PerceivedAttribute(HAS_COLOUR, colour.name, colour.probability, "colours")
            for colour in self.models.colours(photo, one.box, one.feature)
        )

    def _activities(
        self, photo: Photo, objects: Sequence[Detection]
    ) -> dict[int, list[PerceivedAttribute]]:
        """Return what each person and each animal is doing, by its place among the objects."""
        agents = [at for at, one in enumerate(objects) if self._is_animal(one.label)]
        if not agents:
            return {}
        frame = Box(0.0, 0.0, float(photo.width), float(photo.height))
        return self.models.activities(self.models.activity_cells(photo), objects, agents, frame)

    def _is_animal(self, label: str) -> bool:
        """Whether a label names a person or another animal, by the knowledge."""
        if label not in self._animals:
            links = self.linker.best(label, head=True)[:1]
            self._animals[label] = any(
                ANIMAL in self.knowledge.categories(one.concept) for one in links
            )
        return self._animals[label]

    @cached_property
    def _animals(self) -> dict[str, bool]:
        return {}

    def _prior(self, label: str) -> tuple[PerceivedAttribute, ...]:
        """Return the usual material and shape of an object of class `label`."""
        if label not in self._priors:
            found: list[PerceivedAttribute] = []
            for link in self.linker.best(label, head=True)[:1]:
                found += self._suggested(link.concept)
            self._priors[label] = tuple(found)
        return self._priors[label]

    def _suggested(self, concept: str) -> list[PerceivedAttribute]:
        found: list[PerceivedAttribute] = []
        if ARTEFACT not in self.knowledge.categories(concept):
            return []  # the material of a living thing is no useful attribute
        for fact in self.knowledge.facts(concept):
            stated = (fact.relation, *self.knowledge.implied(fact.relation))
            for key in product(stated, self.knowledge.categories(fact.object)):
                relation = PRIORS.get(key)
                if relation and sum(one.relation == relation for one in found) < MAX_PRIORS:
                    label = self.knowledge.label(fact.object)
                    found.append(PerceivedAttribute(relation, label, PRIOR_SCORE, "knowledge"))
        return found

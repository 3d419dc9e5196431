"""What a file states of its objects, in place of what perception would guess of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from kg.knowledge.facts import KnowledgeGraph
from pipelines.detections import (
    HAS_COLOUR,
    Detection,
    PerceivedAttribute,
    PerceivedRelation,
    PerceptionResult,
)
from pipelines.detectors import Detector
from pipelines.detectors.precomputed import Statements
from pipelines.photo import Photo
from pipelines.seeing.colours import COLOURS
from pipelines.seeing.perception import Perceiver

HAS_ATTRIBUTE = "has attribute"
"""Relation of an object to a stated word that is no colour."""
SPELLINGS = {"gray": "grey"}


@runtime_checkable
class StatingDetector(Detector, Protocol):
    """A detector whose source also states attributes and relations."""

    def statements(self, photo: Photo, objects: Sequence[Detection]) -> Statements: ...


def stated_by(detector: Detector, perception: Perceiver) -> Perceiver:
    """Return `perception`, to which what `detector` states comes first, if it states anything."""
    return Stated(detector, perception) if isinstance(detector, StatingDetector) else perception


@dataclass(frozen=True)
class Stated:
    """A perception that says of objects what their source states, and guesses only the rest.

    A stated colour replaces seen ones; a pair with a stated relation has no others.
    """

    detector: StatingDetector
    perception: Perceiver

    def __call__(self, photo: Photo, objects: Sequence[Detection]) -> PerceptionResult:
        """Return what is stated and perceived of `objects`, in their order."""
        seen = self.perception(photo, objects)
        stated = self.detector.statements(photo, objects)
        if not (stated.relations or any(stated.attributes)):
            return seen
        origin = self.detector.name
        guessed = seen.attributes or ((),) * len(objects)
        pairs = {(subject, other) for subject, _, other in stated.relations}
        return replace(
            seen,
            attributes=tuple(
                _merged([_attribute(word, origin) for word in words], others)
                for words, others in zip(stated.attributes, guessed, strict=True)
            ),
            relations=(
                *(PerceivedRelation(*one, score=1.0, origin=origin) for one in stated.relations),
                *(one for one in seen.relations if (one.subject, one.object) not in pairs),
            ),
        )

    def edited(self, knowledge: KnowledgeGraph) -> Stated:
        """Return the same with the priors of `knowledge`."""
        return replace(self, perception=self.perception.edited(knowledge))


def _attribute(word: str, origin: str) -> PerceivedAttribute:
    name = SPELLINGS.get(word, word)
    relation = HAS_COLOUR if name in COLOURS else HAS_ATTRIBUTE
    return PerceivedAttribute(relation, name, 1.0, origin)


def _merged(
    stated: list[PerceivedAttribute], guessed: Sequence[PerceivedAttribute]
) -> tuple[PerceivedAttribute, ...]:
    """Return what is stated, and the guesses about something else."""
    colour = any(one.relation == HAS_COLOUR for one in stated)
    names = {one.label for one in stated}
    others = [
        one
        for one in guessed
        if one.label not in names and not (colour and one.relation == HAS_COLOUR)
    ]
    return (*stated, *others)

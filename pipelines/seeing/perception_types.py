"""What is seen of a photograph beside its objects: attributes, relations and the scene."""

from __future__ import annotations

from dataclasses import dataclass

HAS_COLOUR, HAS_SIZE, HAS_POSITION = "has colour", "has size", "has position"
HAS_COUNT = "has count"
MAY_BE_MADE_OF, MAY_HAVE_SHAPE = "may be made of", "may have shape"
"""Relations of an object to its attributes; "may" marks what only its kind suggests."""


@dataclass(frozen=True, slots=True)
class SeenAttribute:
    """`label` holds of an object by `relation`; score in [0, 1], origin: who says so."""

    relation: str
    label: str
    score: float
    origin: str


@dataclass(frozen=True, slots=True)
class SeenRelation:
    """`subject` and `object` index the objects; score in [0, 1]."""

    subject: int
    predicate: str
    object: int
    score: float


@dataclass(frozen=True, slots=True)
class SeenScene:
    """What place the photograph shows, with its probability."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Seen:
    """Attributes by object, in the order of `pipelines.build.builder.kept`; relations; scenes."""

    attributes: tuple[tuple[SeenAttribute, ...], ...] = ()
    relations: tuple[SeenRelation, ...] = ()
    scenes: tuple[SeenScene, ...] = ()

"""What a photograph shows: detected objects, their attributes and relations, and the scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kg.errors import SightGraphError
from kg.graph import Box
from kg.schema import MAX_COORDINATE

PROPOSAL = "object"
"""The label of a detection of which a detector knows only that something is there."""
ROUNDING = 1e-6
"""By which a probability may leave [0, 1] in float32."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name that a region may have.

    label: lower case, e.g. "border collie".
    probability: that the name is right, in [0, 1].
    synset: its id in Open English WordNet, e.g. "02109150-n"; None where it is not known.
    """

    label: str
    probability: float
    synset: str | None = None


@dataclass(frozen=True, slots=True)
class Detection:
    """One object found in a photograph.

    label: the one name that is shown, lower case, e.g. "dining table"; `PROPOSAL` where the
        detector does not know it.
    score: the detector's confidence in [0, 1].
    origin: the detector's name, e.g. "bundled" or "fcos_resnet50_fpn".
    box: pixels of the original photograph; None where the source has labels only.
    feature: region feature [F], float32; None where the source has none.
    names: every name that it may have, the most probable first; empty where only `label` is known.
    feature_origin: whose the feature is, where that is not `origin`: the namer's name.
    """

    label: str
    score: float
    origin: str
    box: Box | None = None
    feature: np.ndarray | None = field(default=None, compare=False, repr=False)
    names: tuple[Name, ...] = ()
    feature_origin: str = ""

    def __post_init__(self) -> None:
        """Let a box be given as any four numbers, and refuse what no photograph shows.

        Boxes and scores go on into compiled code, which NaN or huge numbers can crash.

        Raises:
            SightGraphError: a number is not finite, or the score is not in [0, 1].
        """
        if self.box is not None and not isinstance(self.box, Box):
            object.__setattr__(self, "box", Box(*self.box))
        usable = -ROUNDING <= self.score <= 1 + ROUNDING
        if not usable or any(not abs(side) <= MAX_COORDINATE for side in self.box or ()):
            raise SightGraphError(
                f"the detector '{self.origin}' found '{self.label}' with score {self.score} at "
                f"{self.box}. A score lies in [0, 1] and a box has four finite numbers: its "
                "weights may be damaged."
            )


SAME_OVERLAP = 0.5
"""Two boxes of one label with a higher intersection over union are one object."""
SAME_COVERED = 0.9
"""So are two boxes if a larger share of one lies in the other. Both shares were chosen by counting
on the train part of coco_mini: 61 % of the counts are right with both, 55 % with neither."""


def without_duplicates(detections: Sequence[Detection]) -> list[Detection]:
    """Return the detections by falling score, without duplicates of an object.

    >>> cat, again = (Detection("cat", s, "me", (0, 0, 9, 10 - s)) for s in (0.9, 0.5))
    >>> without_duplicates([again, cat]) == [cat]
    True
    """
    found: list[Detection] = []
    for one in sorted(detections, key=lambda each: -each.score):
        if not any(_same(one, other) for other in found):
            found.append(one)
    return found


MAX_OBJECTS = 20
"""Objects that become nodes: the number of spatial edges grows with its square. Set by hand."""


def strongest(detections: Sequence[Detection]) -> list[Detection]:
    """Return the detections that become nodes, at most `MAX_OBJECTS`, by falling score."""
    return sorted(detections, key=lambda one: -one.score)[:MAX_OBJECTS]


def _same(one: Detection, other: Detection) -> bool:
    if one.box is None or other.box is None or not _may_be_one(one, other):
        return False
    smaller = min(one.box.area, other.box.area)
    if smaller <= 0:
        return False
    covered = one.box.intersection(other.box) / smaller
    return one.box.iou(other.box) > SAME_OVERLAP or covered > SAME_COVERED


def _may_be_one(one: Detection, other: Detection) -> bool:
    """Whether two detections have a label in common: a beagle is the dog of another box."""
    return other.label in _sure_labels(one) or one.label in _sure_labels(other)


def _sure_labels(one: Detection) -> set[str]:
    """Return the label and the names that are at least as probable: those of its kinds."""
    least = next((name.probability for name in one.names if name.label == one.label), 1.0)
    return {one.label, *(name.label for name in one.names if name.probability >= least)}


HAS_COLOUR, HAS_SIZE, HAS_POSITION = "has colour", "has size", "has position"
HAS_COUNT = "has count"
HAS_TEXT = "has text"
"""Relation of an object to what is written on it."""
MAY_BE_MADE_OF, MAY_HAVE_SHAPE = "may be made of", "may have shape"
"""Relations of an object to its attributes; "may" marks what follows from its class alone."""


@dataclass(frozen=True, slots=True)
class PerceivedAttribute:
    """An attribute `label` of an object; score in [0, 1]; origin: the part that found it."""

    relation: str
    label: str
    score: float
    origin: str


@dataclass(frozen=True, slots=True)
class PerceivedRelation:
    """A relation between two objects, given by their indices; score in [0, 1].

    origin: the part that found it.
    """

    subject: int
    predicate: str
    object: int
    score: float
    origin: str = "relations"


@dataclass(frozen=True, slots=True)
class PerceivedScene:
    """A place that the photograph shows, with its probability."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class PerceivedText:
    """A line of text in the photograph.

    text: as it is written. score: probability that it was read correctly, in [0, 1].
    box: pixels of the original photograph; of turned text, the upright box around it.
    origin: the reader's name.
    """

    text: str
    score: float
    box: Box
    origin: str = "text"


@dataclass(frozen=True, slots=True)
class Support:
    """How likely an object is in or on another, by their names alone, in [0, 1]."""

    inside: float
    on: float


@dataclass(frozen=True, slots=True)
class PerceptionResult:
    """Attributes of each object, in the order of `strongest`; relations; scenes; texts.

    supports: of ordered pairs of objects, by their indices.
    """

    attributes: tuple[tuple[PerceivedAttribute, ...], ...] = ()
    relations: tuple[PerceivedRelation, ...] = ()
    scenes: tuple[PerceivedScene, ...] = ()
    texts: tuple[PerceivedText, ...] = ()
    supports: Mapping[tuple[int, int], Support] = field(default_factory=dict)

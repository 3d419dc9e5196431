"""How far the graph of a text agrees with the graph of a photograph, and in what.

The second stage of the search: the towers say which photographs are near, the graphs why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import log
from typing import Any

from kg.graph import Box, Node, SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.reading.descriptions import entities_of, seen_relation
from pipelines.reading.sentence import Entity, Sentence

KINDS = (NodeKind.OBJECT, NodeKind.SCENE, NodeKind.TEXT)
FEATURES = ("found", "attributes", "relations", "unsaid")
"""What agreement consists of, in the order of `Agreement.features`."""
SURE = 0.5
"""Score from which an object that the text does not name counts as unsaid."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a photograph shows.

    means: the concepts that it is; kinds: these and all their categories; attributes: "red".
    """

    label: str
    score: float
    box: Box | None
    means: frozenset[str]
    kinds: frozenset[str]
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a photograph shows. relations: (number of a thing, relation, number of another)."""

    things: tuple[Thing, ...]
    relations: frozenset[tuple[int, str, int]]

    def as_json(self) -> dict[str, Any]:
        """Return plain values, from which `of_json` makes the same."""
        things = [
            {**asdict(one), **{name: sorted(getattr(one, name)) for name in SETS}}
            for one in self.things
        ]
        return {"things": things, "relations": sorted(self.relations)}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Shown:
        """Return what `as_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        things = tuple(
            Thing(
                str(one["label"]),
                float(one["score"]),
                None if one["box"] is None else Box(*map(float, one["box"])),
                *(frozenset(map(str, one[name])) for name in SETS),
            )
            for one in values["things"]
        )
        relations = frozenset((int(a), str(name), int(b)) for a, name, b in values["relations"])
        return cls(things, relations)


SETS = ("means", "kinds", "attributes")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A thing that a text names. means and kinds: as of a `Thing`."""

    text: str
    means: frozenset[str]
    kinds: frozenset[str]
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """What a text describes. relations: (number of a thing, relation, number of another)."""

    things: tuple[Wanted, ...]
    relations: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """In what a text and a photograph agree.

    features: as `FEATURES` names them; the first is the sum of the scores of what is found, each
        times its rarity, and the others are shares in [0, 1].
    found: for each thing of the text, that of the photograph, or None.
    """

    features: tuple[float, ...]
    found: tuple[tuple[str, Thing | None], ...]


class AgreementFinder:
    """Compares texts with photographs by the concepts of a knowledge graph."""

    def __init__(self, knowledge: KnowledgeGraph) -> None:
        self.knowledge = knowledge
        self.linker = Linker(knowledge)
        self._kinds: dict[str, frozenset[str]] = {}
        self._links: dict[str, frozenset[str]] = {}

    def shown(self, graph: SceneGraph) -> Shown:
        """Return what a photograph's graph shows."""
        nodes = [node for node in graph.nodes() if node.kind in KINDS]
        number = {node.id: place for place, node in enumerate(nodes)}
        relations = frozenset(
            (number[edge.source], edge.relation, number[edge.target])
            for edge in graph.edges()
            if edge.source in number and edge.target in number
        )
        return Shown(tuple(self._thing(graph, node) for node in nodes), relations)

    def described(self, sentence: Sentence) -> Described:
        """Return what a text describes."""
        things = tuple(self._wanted(one) for one in entities_of(sentence))
        relations = tuple(
            (one.subject, seen_relation(one.predicate), one.object) for one in sentence.relations
        )
        return Described(things, relations)

    def __call__(self, text: Described, photo: Shown, rarity: Sequence[float]) -> Agreement:
        """Return in what they agree; rarity: of each thing of the text (`rarities`)."""
        found = [_best(one, photo.things) for one in text.things]
        pairs = zip(found, rarity, strict=True)
        features = (
            sum(score * rare for (_, score, same), rare in pairs if same),
            _share(_attributes(text, photo, found)),
            _share(_relations(text, photo, found)),
            _share(_unsaid(photo, found)),
        )
        things = tuple(
            (one.text, None if at is None else photo.things[at])
            for one, (at, _, _) in zip(text.things, found, strict=True)
        )
        return Agreement(features, things)

    def _thing(self, graph: SceneGraph, node: Node) -> Thing:
        edges = graph.edges_from(node.id)
        means = frozenset(one.target for one in edges if one.kind == EdgeKind.LINK)
        attributes = frozenset(
            graph.node(one.target).label
            for one in edges
            if graph.node(one.target).kind == NodeKind.ATTRIBUTE
        )
        kinds = self._all_kinds(means)
        return Thing(node.label, round(node.score, 4), node.box, means, kinds, attributes)

    def _wanted(self, entity: Entity) -> Wanted:
        name = entity.lemma or entity.text
        if name not in self._links:
            links = self.linker.best(name, head=True)
            self._links[name] = frozenset(one.concept for one in links)
        means = self._links[name]
        attributes = tuple(one.lemma or one.text for one in entity.attributes)
        return Wanted(entity.text, means, self._all_kinds(means), attributes)

    def _all_kinds(self, concepts: frozenset[str]) -> frozenset[str]:
        return concepts.union(*(self._categories(one) for one in concepts))

    def _categories(self, concept: str) -> frozenset[str]:
        if concept not in self._kinds:
            self._kinds[concept] = frozenset(self.knowledge.categories(concept))
        return self._kinds[concept]


def rarities(text: Described, photographs: Sequence[Shown]) -> tuple[float, ...]:
    """Return how rare each thing of the text is in photographs: 1 if none shows it, 0 if all do.

    This is the inverse document frequency (Spärck Jones, 1972), as a share of the largest one.
    """
    counts = [sum(_best(one, photo.things)[2] for photo in photographs) for one in text.things]
    return tuple(_rarity(count, len(photographs)) for count in counts)


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In how many of `total` texts a thing of each concept is named.

    They give the rarity of things where texts are searched, and there are no photographs.
    """

    total: int
    counts: Mapping[str, int]

    @classmethod
    def of(cls, texts: Sequence[Described]) -> Frequencies:
        """Count the texts; a dog is an animal as well."""
        kinds = (frozenset[str]().union(*(one.kinds for one in text.things)) for text in texts)
        return cls(len(texts), Counter(concept for some in kinds for concept in some))

    def rarities(self, text: Described) -> tuple[float, ...]:
        """Return how rare each thing of a text is, as `rarities` does for photographs."""
        return tuple(
            _rarity(max((self.counts.get(one, 0) for one in thing.means), default=0), self.total)
            for thing in text.things
        )


def _rarity(count: int, total: int) -> float:
    return 1 - log(count + 1) / (log(total + 1) or 1.0)


Match = tuple[int | None, float, bool]
"""Number of a thing of the photograph, its score, and whether it is of the kind that is asked
for, or of a more general one: a person for "man"."""


def _best(wanted: Wanted, things: Sequence[Thing]) -> Match:
    same = [(one.score, at) for at, one in enumerate(things) if wanted.means & one.kinds]
    if same:
        score, at = max(same, key=lambda each: (each[0], -each[1]))
        return at, score, True
    general = [(one.score, at) for at, one in enumerate(things) if one.means & wanted.kinds]
    if general:
        score, at = max(general, key=lambda each: (each[0], -each[1]))
        return at, score, False
    return None, 0.0, False


def _attributes(text: Described, photo: Shown, found: Sequence[Match]) -> Iterator[bool]:
    for wanted, (at, _, _) in zip(text.things, found, strict=True):
        for attribute in wanted.attributes:
            yield at is not None and attribute in photo.things[at].attributes


def _relations(text: Described, photo: Shown, found: Sequence[Match]) -> Iterator[bool]:
    for subject, relation, other in text.relations:
        first, second = found[subject][0], found[other][0]
        yield (
            first is not None
            and second is not None
            and ((first, relation, second) in photo.relations)
        )


def _unsaid(photo: Shown, found: Sequence[Match]) -> Iterator[bool]:
    said = frozenset[str]().union(*(photo.things[at].means for at, _, _ in found if at is not None))
    for thing in photo.things:
        if thing.box is not None and thing.score >= SURE:
            yield not thing.means & said


def _share(values: Iterator[bool]) -> float:
    several = list(values)
    return sum(several) / len(several) if several else 0.0

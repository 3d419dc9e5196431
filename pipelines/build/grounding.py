"""Grounding: the objects that words denote, scored by name, category and constraints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kg.english import normalise
from kg.graph import Box, Node, SceneGraph
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.detections import HAS_COLOUR
from pipelines.reading.constraints import SUPERLATIVES, is_colour
from pipelines.reading.sentence import Constraint, Entity
from pipelines.reading.triples import canonical

VIOLATION = 0.35
"""Factor on the score of an object that violates a constraint: chosen by hand."""
LARGE_WORDS = frozenset({"large", "big", "huge", "giant", "tall", "long", "enormous"})
SMALL_WORDS = frozenset({"small", "little", "tiny", "short", "mini"})
SAME_COLOUR = {"gray": "grey", "golden": "yellow", "beige": "brown", "maroon": "red"}
NEAR = frozenset({"near", "next to", "close to", "with", "at", "by", "beside", "around"})
"""Predicates that two neighbouring objects satisfy."""
HELD = frozenset({"hold", "carry", "ride", "wear", "use", "in", "on", "have", "sit on", "eat"})
"""Predicates that two overlapping objects satisfy, if no relation was detected."""


def constraint_factors(
    graph: SceneGraph, objects: Sequence[str], constraint: Constraint, others: set[str]
) -> list[float]:
    """Return for each of `objects` (node ids) a factor on its score, in [`VIOLATION`, 1].

    The factor is 1 if nothing is known that could violate the constraint. others: the objects
    that the other end of a relation may denote.
    """
    nodes = [graph.node(one) for one in objects]
    if constraint.kind == "relation":
        return _related(graph, objects, constraint.value, others)
    if constraint.kind == "attribute":
        return _attributed(graph, nodes, constraint.value)
    if any(node.box is None for node in nodes) or graph.photo is None or len(nodes) < 2:
        return [1.0] * len(nodes)
    if constraint.kind == "position":
        width, height = graph.photo.width, graph.photo.height
        shares = [_placed(_box(node), constraint.value, width, height) for node in nodes]
        return [VIOLATION + (1 - VIOLATION) * share for share in shares]
    if constraint.kind == "superlative":
        return _best(nodes, constraint.value)
    if constraint.kind == "order":
        number, _, side = constraint.value.split()
        order = sorted(nodes, key=lambda node: _ORDER[side](_box(node)))
        chosen = order[int(number) - 1] if int(number) <= len(order) else None
        return [1.0 if node is chosen else VIOLATION for node in nodes]
    if constraint.kind == "other":
        return [VIOLATION] + [1.0] * (len(nodes) - 1)
    return [1.0] * len(nodes)


_ORDER: dict[str, Callable[[Box], float]] = {
    "left": lambda box: box[0] + box[2],
    "right": lambda box: -box[0] - box[2],
    "top": lambda box: box[1] + box[3],
    "bottom": lambda box: -box[1] - box[3],
}
_MEASURES: dict[str, Callable[[Box], float]] = {
    "size": lambda box: box.area,
    "height": lambda box: box.height,
    "width": lambda box: box.width,
    "distance": lambda box: -box[3],
    "left": lambda box: -box[0] - box[2],
    "right": lambda box: box[0] + box[2],
    "top": lambda box: -box[1] - box[3],
    "bottom": lambda box: box[1] + box[3],
}


def _box(node: Node) -> Box:
    assert node.box is not None
    return node.box


def _attributed(graph: SceneGraph, nodes: Sequence[Node], word: str) -> list[float]:
    if word in LARGE_WORDS | SMALL_WORDS and all(node.box is not None for node in nodes):
        areas = [_MEASURES["size"](_box(node)) for node in nodes]
        greatest = max(areas, default=1.0) or 1.0  # boxes of no area
        shares = [
            area / greatest if word in LARGE_WORDS else 1 - 0.9 * area / greatest for area in areas
        ]
        return [VIOLATION + (1 - VIOLATION) * max(share, 0.0) for share in shares]
    if not is_colour(word):
        return [1.0] * len(nodes)
    colour = SAME_COLOUR.get(word, word)
    found = []
    for node in nodes:
        seen = {
            graph.node(edge.target).label: edge.score
            for edge in graph.edges_from(node.id)
            if edge.relation == HAS_COLOUR
        }
        found.append(1.0 if colour in seen or not seen else VIOLATION)
    return found


def _placed(box: Box, place: str, width: int, height: int) -> float:
    """Return how well a box is placed at `place`, in [0, 1]."""
    x, y = box.centre[0] / width, box.centre[1] / height
    share = {
        "left": 1 - x,
        "right": x,
        "top": 1 - y,
        "bottom": y,
        "middle": 1 - 2 * max(abs(x - 0.5), abs(y - 0.5)),
        "foreground": box[3] / height,
        "background": 1 - box[3] / height,
    }.get(place, 1.0)
    return min(max(share, 0.0), 1.0)


def _best(nodes: Sequence[Node], word: str) -> list[float]:
    compared, end = SUPERLATIVES[word]
    measure = _MEASURES.get(compared)
    if measure is None:
        return [1.0] * len(nodes)
    values = [measure(_box(node)) for node in nodes]
    best = max(values) if end == "most" else min(values)
    return [1.0 if value == best else VIOLATION for value in values]


def _related(
    graph: SceneGraph, objects: Sequence[str], predicate: str, others: set[str]
) -> list[float]:
    """Return 1 for the objects with an edge like `predicate` to one of `others`."""
    if not others or not objects:
        return [1.0] * len(objects)
    form = canonical(predicate)
    satisfied = [
        any(_holds(graph, one, form.text, form.exchanged, other) for other in others - {one})
        for one in objects
    ]
    if not any(satisfied):
        return [1.0] * len(objects)
    return [1.0 if yes else VIOLATION for yes in satisfied]


def _holds(graph: SceneGraph, one: str, form: str, exchanged: bool, other: str) -> bool:
    source, target = (other, one) if exchanged else (one, other)
    names = {
        canonical(edge.relation).text
        for edge in graph.edges_between(source, target)
        if edge.kind in (EdgeKind.SPATIAL, EdgeKind.SEMANTIC)
    }
    if form in names or form.rsplit(" ", 1)[-1] in names:
        return True
    if form in NEAR:
        return "near" in names
    return form in HELD and bool(names & {"in", "on", "around", "under"})


SAME, CATEGORY, MEMBER, GENERIC = 1.0, 0.85, 0.6, 0.4
"""Scores for "dog" denoting a dog, "animal" a dog, "man" a person, and "object" any object:
chosen by hand."""

MIN_NAME = 0.5
"""Min score of the link to a concept that an object's further name denotes: chosen by hand."""
GENERIC_NOUNS = {"object", "thing", "item", "it", "one", "something", "this", "that", "these"}
"""Words that may denote any object of the photograph, and no concept."""
NOT_PEOPLE = {"animal", "mammal", "creature", "pet"}
"""Categories of people that rarely denote a person in a question."""
PERSON_WORDS = {"he", "she", "him", "her", "someone", "somebody", "player", "figure", "passenger"}
"""Words for a person that no category of the knowledge covers."""
BROAD_WORDS = {
    "machine": ("vehicle", "device", "appliance"),
    "device": ("appliance",),
    "gadget": ("device", "appliance"),
    "equipment": ("sports equipment", "device", "appliance"),
    "beast": ("animal",),
    "creature": ("animal",),
    "critter": ("animal",),
}
"""Words that denote more than their subcategories."""
OTHER_HEADS = {"hot dog": "dog"}
"""Labels whose last word denotes something else."""
MIN_TAIL = 4
"""Min length of an end of a label that abbreviates it ("board" for "skateboard"): by hand."""


@dataclass(frozen=True, slots=True)
class Grounding:
    """An object that an entity may denote; score in [0, 1], how: "label", "category", ..."""

    object_id: str
    score: float
    how: str


class Grounder:
    """Finds the objects that an entity may denote, by label, synonym and category.

    Of objects that fit equally, the larger one with the higher detection score scores higher,
    since "this animal" is rarely the one in the background. Objects that violate a constraint
    of the text ("red", "on the left", "the largest", "on the table") score lower.
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
        """Return for each of `entities` the objects of `graph` that it may denote, best first.

        constraints: the constraints of the text on the entities (`pipelines.reading.constraints`).
        """
        denoted = [self._alone(entity, graph) for entity in entities]
        for one in sorted(constraints, key=lambda each: each.kind == "relation"):
            if one.entity is not None and one.kind != "negation":
                others = [] if one.other is None else denoted[one.other]
                denoted[one.entity] = _narrowed(graph, denoted[one.entity], one, others)
        return denoted

    def _alone(self, entity: Entity, graph: SceneGraph) -> list[Grounding]:
        if entity.kind != "thing":
            return []
        area = float(graph.photo.width * graph.photo.height) if graph.photo else 1.0
        objects = graph.nodes(NodeKind.OBJECT)
        fits = [(node, *self._fit_of(entity, node, graph)) for node in objects]
        fits = [(node, fit, how) for node, fit, how in fits if fit > 0]
        prominence = {node.id: _prominence(node, area) for node, *_ in fits}
        greatest = max(prominence.values(), default=1.0)
        found = [
            Grounding(node.id, round(fit * (0.6 + 0.4 * prominence[node.id] / greatest), 4), how)
            for node, fit, how in fits
        ]
        return sorted(found, key=lambda one: -one.score)

    def fit(self, entity: Entity, label: str) -> tuple[float, str]:
        """Return how well `entity` names an object of class `label`, in [0, 1], and how."""
        name, text = _plain(entity.lemma or entity.text), _plain(entity.text)
        if normalise(label) in (name, text):
            return SAME, "label"
        denoted = {one.concept for one in self.linker.best(text, name, head=True)}
        seen, above = self._of_label(label)
        if denoted & seen:
            return SAME, "synonym"
        if label == "person" and name in NOT_PEOPLE:
            return GENERIC, "category"
        if denoted & above:
            return (GENERIC, "generic") if name in GENERIC_NOUNS else (CATEGORY, "category")
        if any(seen & set(self.knowledge.categories(iri)) for iri in denoted):
            return MEMBER, "member"
        if label == "person" and {name, text} & PERSON_WORDS:
            return MEMBER, "member"
        if {self.knowledge.label(one) for one in above} & set(BROAD_WORDS.get(name, ())):
            return CATEGORY, "category"
        if _short_for(name, normalise(label)):
            return MEMBER, "shortened"
        return (GENERIC, "generic") if name in GENERIC_NOUNS else (0.0, "")

    def _fit_of(self, entity: Entity, node: Node, graph: SceneGraph) -> tuple[float, str]:
        """Return how well `entity` names an object, by its label, else by its other names."""
        fit, how = self.fit(entity, node.label)
        name, text = _plain(entity.lemma or entity.text), _plain(entity.text)
        if fit > GENERIC or name in GENERIC_NOUNS:
            return fit, how
        own, _ = self._of_label(node.label)
        links = [edge for edge in graph.edges_from(node.id) if edge.kind == EdgeKind.LINK]
        probable = {
            edge.target: edge.score
            for edge in links
            if edge.score >= MIN_NAME and edge.target not in own
        }
        denoted = {one.concept for one in self.linker.best(text, name, head=True)}
        for concept, score in probable.items():
            if concept in denoted:
                return max((fit, how), (SAME * score, "synonym"))
            if denoted & set(self.knowledge.categories(concept)):
                return max((fit, how), (CATEGORY * score, "category"))
        return fit, how

    def _of_label(self, label: str) -> tuple[set[str], set[str]]:
        """Return the concepts that an object's label denotes, and their categories."""
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
        len(name) >= MIN_TAIL and label.endswith(name) and " " not in label
    )


def _plain(name: str) -> str:
    """Return a name without the superlative that the parser included in it."""
    first, _, rest = normalise(name).partition(" ")
    return rest if rest and first in SUPERLATIVES else normalise(name)


def _narrowed(
    graph: SceneGraph,
    denoted: Sequence[Grounding],
    constraint: Constraint,
    others: Sequence[Grounding],
) -> list[Grounding]:
    """Lower the scores of the objects that violate `constraint`."""
    factors = constraint_factors(
        graph,
        [one.object_id for one in denoted],
        constraint,
        {one.object_id for one in others},
    )
    found = [
        replace(one, score=round(one.score * share, 4))
        for one, share in zip(denoted, factors, strict=True)
    ]
    return sorted(found, key=lambda one: -one.score)


def _prominence(node: Node, area: float) -> float:
    share = 0.25 if node.box is None else node.box.area / area
    return max(node.score * math.sqrt(share), 1e-6)

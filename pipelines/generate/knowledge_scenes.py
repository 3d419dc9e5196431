"""Knowledge scenes: questions that only the right edges answer, one to three relations away.

Each has the graph of a photograph's objects, with their places to each other and what is
known of them, and asks along a chain: "What is the thing left of the dog used for?". Answers
are nodes of the graph. Test questions lead over concepts that training never shows.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.vocabulary import IS_A, MEANS, EdgeKind, NodeKind
from pipelines.datasets.coco import VAL_SPLIT, CocoPhoto, read_coco
from pipelines.datasets.splits import PARTS, Part, concept_part, for_training, in_part
from pipelines.generate.question import TOO_GENERAL
from pipelines.generate.wordings import ask_about, asks
from pipelines.seeing.geometry import relations as spatial_relations

MIN_OBJECTS, MAX_OBJECTS = 2, 8
SMALLEST = 0.01
"""Objects below this share of the photograph are left out."""
BESIDE = 3
"""Maximum number of further facts of each object in the graph, besides those of the question."""
MAX_ANSWERS = 12
TRIES = 8
"""Attempts for each question that is requested: a chain often ends without an answer."""
TEST_CONCEPTS, VALIDATION_CONCEPTS = 250, 100
"""Thousandths of all concepts that only test, and only validation questions lead over."""
PLANS = (((False, 1), (True, 1), (False, 2), (True, 2)), (1, 3, 1, 5))
"""By place or not, and over how many facts; how often, as those with a place seldom work out."""
ASKED_PLACES = ("left of", "right of", "above", "below", "on", "under", "in")

BRIDGES = {
    "found at": "the place where {} is found",
    "has part": "a part of {}",
    "made of": "the material of {}",
    "used with": "the thing that {} is used with",
    "used by": "the one who uses {}",
    "needs": "the thing that {} needs",
    "contains": "the thing that {} contains",
    "eats": "the thing that {} eats",
    "produces": "the thing that {} produces",
    "powered by": "the thing that powers {}",
}
"""Relations that may be the first step of a chain, and the phrase for its end."""


@dataclass(frozen=True, slots=True)
class SceneQuestion:
    """A question with the graph that answers it.

    named: the object's label that the question names; answers: labels of the right nodes.
    place: where the thing asked about stands to the named object, if it is another one.
    facts: labels of the one or two relations of the knowledge that lead on to the answer.
    """

    text: str
    graph: SceneGraph
    named: str
    answers: frozenset[str]
    place: str | None
    facts: tuple[str, ...]

    @property
    def relations(self) -> int:
        """How many relations lead from the named object to the answer, 1 to 3."""
        return len(self.facts) + (self.place is not None)


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """An object of a photograph: its label, corners in pixels, and the detector's score."""

    label: str
    corners: Box
    score: float = 1.0


def part_of(concept: str) -> Part:
    """Return the part of the questions that may lead over `concept`."""
    return concept_part(concept, TEST_CONCEPTS, VALIDATION_CONCEPTS)


class SceneWriter:
    """Writes questions of one part about photographs; the same seed writes the same ones.

    Graphs of train hold only train's concepts; those of development also hold its own; those of
    held-out hold all. Every question of these two leads over a concept that train does not hold.
    """

    def __init__(self, knowledge: Knowledge, part: Part, seed: int = 0) -> None:
        self.knowledge = knowledge
        self.part = part
        self.random = random.Random(seed)
        self.asks = {
            relation.label: asks(relation.label, relation.asks)
            for relation in knowledge.relations.values()
        }

    def write(
        self, photo: PhotoInfo, boxes: Sequence[LabelledBox], amount: int
    ) -> Iterator[SceneQuestion]:
        """Yield up to `amount` questions about one photograph."""
        objects = self._objects(photo, boxes)
        if len(objects) < MIN_OBJECTS:
            return
        written = 0
        for _ in range(TRIES * amount):
            question = self._question(photo, objects)
            if question is not None:
                yield question
                written += 1
            if written == amount:
                return

    def _allowed(self, concept: str) -> bool:
        return PARTS.index(part_of(concept)) <= PARTS.index(self.part)

    def _objects(self, photo: PhotoInfo, boxes: Sequence[LabelledBox]) -> list[tuple[Node, str]]:
        """Return the largest objects as nodes, each with its concept."""
        smallest = SMALLEST * photo.width * photo.height
        found: list[tuple[Node, str]] = []
        for box in sorted(boxes, key=lambda each: each.corners.area, reverse=True):
            concept = next(iter(self.knowledge.named(box.label)), None)
            if concept and box.corners.area >= smallest and self._allowed(concept):
                node = Node(
                    f"object:{len(found)}",
                    NodeKind.OBJECT,
                    box.label,
                    "photo",
                    box.score,
                    box.corners,
                )
                found.append((node, concept))
        return found[:MAX_OBJECTS]

    def _question(
        self, photo: PhotoInfo, objects: Sequence[tuple[Node, str]]
    ) -> SceneQuestion | None:
        named, place, amount = self._plan(objects)
        if named is None:
            return None
        starts = {concept for node, concept in objects if node.label == named.label}
        phrase = f"the {named.label}"
        if place:
            starts = self._placed(photo, objects, named, place)
            phrase = f"the thing {place} {phrase}"
        if len(starts) != 1:
            return None
        (over,) = starts
        chain = self._ask(over, amount, phrase)
        if chain is None:
            return None
        text, answers, between, facts = chain
        if self.part != "train" and self.part not in {part_of(one) for one in {over, *between}}:
            return None
        graph = self._graph(photo, objects, facts)
        return SceneQuestion(text, graph, named.label, frozenset(answers), place, facts)

    def _plan(self, objects: Sequence[tuple[Node, str]]) -> tuple[Node | None, str | None, int]:
        """Choose the object to name, a place beside it or None, and how many facts to follow."""
        placed, facts = self.random.choices(*PLANS)[0]
        candidates = [node for node, _ in objects]
        if placed:  # all of one kind share what is known, but not where they stand
            labels = [node.label for node in candidates]
            candidates = [node for node in candidates if labels.count(node.label) == 1]
        named = self.random.choice(candidates) if candidates else None
        return named, self.random.choice(ASKED_PLACES) if placed else None, facts

    def _placed(
        self, photo: PhotoInfo, objects: Sequence[tuple[Node, str]], named: Node, place: str
    ) -> set[str]:
        """Return the concepts of what stands in that place to `named`."""
        assert named.box is not None
        return {
            concept
            for node, concept in objects
            if node.id != named.id
            and node.box
            and place in spatial_relations(node.box, named.box, photo.width, photo.height)
        }

    def _ask(
        self, start: str, facts: int, phrase: str
    ) -> tuple[str, set[str], list[str], tuple[str, ...]] | None:
        """Return text, answers, the concepts between the two facts, and the facts' relations."""
        relations, over = [], [start]
        if facts == 2:
            known = self._known(start)
            bridges = [one for one in known if one in BRIDGES]
            if not bridges:
                return None
            relations.append(self.random.choice(bridges))
            over = known[relations[0]]
            phrase = BRIDGES[relations[0]].format(phrase)
        ends: dict[str, set[str]] = {}
        for concept in over:
            for relation, objects in self._known(concept).items():
                if not (facts == 2 and relation == IS_A):
                    ends.setdefault(relation, set()).update(objects)
        askable = [one for one in sorted(ends) if self.asks.get(one) and one not in relations]
        if not askable:
            return None
        relations.append(self.random.choice(askable))
        answers = {self.knowledge.label(one) for one in ends[relations[-1]]}
        if len(answers) > MAX_ANSWERS:
            return None
        text = ask_about(self.random.choice(self.asks[relations[-1]]), phrase)
        return text, answers, over if facts == 2 else [], tuple(relations)

    def _known(self, concept: str) -> dict[str, list[str]]:
        """Return what may be known of `concept` in this part: objects by relation label."""
        known: dict[str, list[str]] = {}
        for fact in self.knowledge.facts(concept):
            general = self.knowledge.label(fact.object) in TOO_GENERAL
            if self._allowed(fact.object) and not general:
                known.setdefault(self.knowledge.relations[fact.relation].label, []).append(
                    fact.object
                )
        return known

    def graph(
        self, photo: PhotoInfo, boxes: Sequence[LabelledBox], facts: Sequence[str]
    ) -> SceneGraph:
        """Return the graph of a photograph's boxes, for a question over those relations."""
        return self._graph(photo, self._objects(photo, boxes), facts)

    def _graph(
        self, photo: PhotoInfo, objects: Sequence[tuple[Node, str]], facts: Sequence[str]
    ) -> SceneGraph:
        """Return the objects with what is asked for, of all alike, and other facts beside it."""
        graph = scene_graph(photo, objects)
        concepts = list(dict.fromkeys(concept for _, concept in objects))
        known = {concept: self._known(concept) for concept in concepts}
        for concept in concepts:
            expected = [(r, o) for r in facts for o in known[concept].get(r, [])]
            others = [(r, o) for r in known[concept] for o in known[concept][r] if r not in facts]
            self.random.shuffle(others)
            for relation, object_ in expected + others[:BESIDE]:
                self._connect(graph, concept, relation, object_)
        if len(facts) == 2:
            # The second step is known of every end of the first, not of the right one only.
            ends = {end for concept in concepts for end in known[concept].get(facts[0], [])}
            for end in sorted(ends):
                for object_ in self._known(end).get(facts[1], [])[:MAX_ANSWERS]:
                    self._connect(graph, end, facts[1], object_)
        return graph

    def _connect(self, graph: SceneGraph, subject: str, relation: str, object_: str) -> None:
        for term in (subject, object_):
            graph.add(Node(term, NodeKind.CONCEPT, self.knowledge.label(term), "knowledge"))
        graph.connect(Edge(subject, object_, EdgeKind.FACT, relation, "knowledge"))


def scene_graph(photo: PhotoInfo, objects: Sequence[tuple[Node, str]]) -> SceneGraph:
    """Return the objects with their concepts and their places to each other."""
    graph = SceneGraph(photo)
    for node, concept in objects:
        graph.add(node)
        graph.add(Node(concept, NodeKind.CONCEPT, node.label, "knowledge"))
        graph.connect(Edge(node.id, concept, EdgeKind.LINK, MEANS, "linker"))
    for a, _ in objects:
        for b, _ in objects:
            if a.id != b.id and a.box and b.box:
                found = spatial_relations(a.box, b.box, photo.width, photo.height)
                for relation in found:
                    if relation in ASKED_PLACES:
                        graph.connect(Edge(a.id, b.id, EdgeKind.SPATIAL, relation, "geometry"))
    return graph


Photos = dict[str, tuple[PhotoInfo, list[LabelledBox]]]
"""Size and true boxes of each photograph, by file name."""


def read_photos(data: Path, split: str) -> Photos:
    """Read the photographs of one official split of `data`, a folder like coco_mini.

    Raises:
        SightGraphError: the annotations are not there.
    """
    return _boxed(one for one in read_coco(data) if one.split == split)


def _boxed(photos: Iterable[CocoPhoto]) -> Photos:
    return {
        one.file_name: (
            PhotoInfo(one.file_name, one.width, one.height),
            [LabelledBox(label, Box(*corners)) for label, _, corners in one.boxes],
        )
        for one in sorted(photos, key=lambda one: one.file_name)
    }


def read_parts(data: Path) -> dict[Part, list[CocoPhoto]]:
    """Return the photographs that each part asks about; held out are only those of val2017.

    Raises:
        SightGraphError: the annotations are not there.
    """
    photos = read_coco(data)
    return {
        "train": for_training(in_part(photos, "train")),
        "development": in_part(photos, "development"),
        "held-out": [one for one in photos if one.split == VAL_SPLIT],
    }


def write_parts(data: Path, questions: int, seed: int = 0) -> dict[Part, list[SceneQuestion]]:
    """Return the questions of each part about the photographs of `data`.

    `questions`: at most so many on each photograph.

    Raises:
        SightGraphError: the annotations are not there.
    """
    knowledge = Knowledge.bundled()
    parts: dict[Part, list[SceneQuestion]] = {}
    for part, photos in read_parts(data).items():
        writer = SceneWriter(knowledge, part, seed)
        parts[part] = [
            question
            for photo, boxes in _boxed(photos).values()
            for question in writer.write(photo, boxes, questions)
        ]
    return parts

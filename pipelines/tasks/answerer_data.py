"""Training examples for the answerer: photographs, their objects, questions, tensors."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from graph_fusion.heads.graph import COUNT, NO, POINTER, UNKNOWN, YES, YES_NO
from graph_fusion.model import ModelConfig
from graph_fusion.tensors import GraphTensors, TextTable, graph_tensors
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge import Knowledge
from kg.names import base_forms, normalise
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build import GraphBuilder, kept
from pipelines.detections import Detection
from pipelines.duplicates import without_duplicates
from pipelines.parse import Parser, Sentence
from pipelines.photo import Photo
from pipelines.query import query_of, region_features
from pipelines.seeing.perception import Perception
from pipelines.seeing.seen import Seen
from pipelines.tasks.detection_data import teacher_boxes
from pipelines.tasks.question import Question, held_out, is_validation
from pipelines.tasks.questions import QuestionWriter

if TYPE_CHECKING:
    from pipelines.detectors import Detector

TEACHER_SCORE = 0.35
"""Boxes of the teacher below this are left out."""
HELD_OUT_PHOTOS = 0.05
EDITED = 0.35
"""Share of fact questions whose facts are exchanged, so that the model must read them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph as the answerer's training sees it: its size, if known, and what was seen."""

    name: str
    info: PhotoInfo | None
    detections: tuple[Detection, ...]
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """Tensors of one graph and question, with what must come out.

    Shapes (N nodes, E messages):
        answers, counted, countable [N]: masks
        path [E]: 1 on the way, 0 off it, -1 where nobody knows
        route, yes_no: class numbers of `graph_fusion.heads.graph`, yes_no -1 where not asked
    """

    tensors: GraphTensors
    answers: Tensor
    counted: Tensor
    countable: Tensor
    path: Tensor
    route: int
    yes_no: int
    kind: str
    validation: bool


def teacher_pictures(data: Path) -> list[Picture]:
    """Return the photographs of `teacher_boxes.json.gz` with the boxes that stand there.

    Raises:
        SightGraphError: the file is not in `data`.
    """
    boxes = teacher_boxes(data)
    pictures = []
    for name in sorted(boxes):
        with Image.open(data / name) as image:
            info = PhotoInfo(name, *image.size)
        found = tuple(
            Detection(label, score, "teacher", (x1, y1, x2, y2))
            for label, score, (x1, y1, x2, y2) in boxes[name]
            if score >= TEACHER_SCORE
        )
        pictures.append(Picture(name, info, found))
    return pictures


def detected_pictures(data: Path, names: Iterable[str], detector: Detector) -> Iterator[Picture]:
    """Run `detector` over photographs, which gives region features too, and look again."""
    perception = Perception(Knowledge.bundled(), detector)
    for name in names:
        photo = Photo.open(data / name)
        info = PhotoInfo(name, photo.width, photo.height)
        found = tuple(without_duplicates(detector(photo)))
        yield Picture(name, info, found, perception(photo, kept(found)))


def is_validation_photo(name: str) -> bool:
    """Photographs held out by a hash of their name."""
    return held_out(name, HELD_OUT_PHOTOS)


class ExampleMaker:
    """Turns pictures into examples; the same seed makes the same ones."""

    def __init__(
        self,
        builder: GraphBuilder,
        parser: Parser,
        table: TextTable,
        config: ModelConfig,
        seed: int,
    ) -> None:
        self.builder = builder
        self.parser = parser
        self.table = table
        self.config = config
        self.random = random.Random(seed)
        assert isinstance(builder.knowledge, Knowledge)  # questions are written from all of it
        self.writer = QuestionWriter(builder.knowledge, builder, seed)

    def examples(self, picture: Picture, amount: int) -> Iterator[Example]:
        """Yield up to `amount` examples of one picture."""
        scene = self.builder(picture.detections, picture.info, seen=picture.seen)
        validation = is_validation_photo(picture.name)
        for question in self.writer.write(scene, amount):
            sentence = self.parser(question.text)
            graph = self.builder.asked(scene, sentence)
            if not validation and question.fact and self.random.random() < EDITED:
                graph, question = self._edit(graph, question)
            yield self._example(picture, graph, sentence, question, validation)

    def asked(self, picture: Picture, text: str, answers: Collection[str]) -> Example:
        """Return the example of a question that a person asked; the way to the answer is unknown.

        answers: names, of which any one is right. Where no node of the graph is called so, the
        right answer is that the graph does not say.
        """
        sentence = self.parser(text)
        graph = self.builder(picture.detections, picture.info, sentence, picture.seen)
        right = {normalise(one) for one in answers}
        found = frozenset(
            node.id
            for node in graph.nodes()
            if node.kind != NodeKind.ENTITY
            and {normalise(node.label), *base_forms(normalise(node.label))} & right
        )
        question = Question(text, "asked", text, text, answers=found, answerable=bool(found))
        validation = is_validation_photo(picture.name)
        example = self._example(picture, graph, sentence, question, validation)
        unknown = torch.full_like(example.path, -1.0)
        return replace(example, path=unknown, validation=validation)

    def _example(
        self,
        picture: Picture,
        graph: SceneGraph,
        sentence: Sentence,
        question: Question,
        validation: bool,
    ) -> Example:
        regions = region_features(picture.detections, self.config.region_detector)
        tensors = graph_tensors(
            graph, query_of(sentence), self.table, regions, self.config.region_features
        )
        nodes = graph.nodes()
        edges = graph.edges()
        on_path = [_on_path(edge, question) for edge in edges]
        return Example(
            tensors=tensors,
            answers=torch.tensor([node.id in question.answers for node in nodes]),
            counted=torch.tensor([node.id in question.counted for node in nodes]),
            countable=torch.tensor([node.kind == NodeKind.OBJECT for node in nodes]),
            path=torch.tensor(on_path, dtype=torch.float32).repeat(2),
            route=_route(question),
            yes_no=_yes_no(question),
            kind=question.kind,
            validation=validation or is_validation(question),
        )

    def _edit(self, graph: SceneGraph, question: Question) -> tuple[SceneGraph, Question]:
        """Exchange the facts asked for, in the graph and in the expected answer alike."""
        assert question.fact is not None
        subject, relation = question.fact
        asked = [edge for edge in graph.edges_from(subject) if edge.relation == relation]
        asked = [edge for edge in asked if edge.kind == EdgeKind.FACT]
        if question.yes is None:
            return self._exchange(graph, question, asked)
        if question.yes and question.answerable:
            true = {target for source, target in question.path if source == subject}
            gone = [edge for edge in asked if edge.target in true]
            on = frozenset(pair for pair in question.path if pair[0] != subject)
            return graph.without(*gone), replace(question, yes=False, path=on)
        return graph, question

    def _exchange(
        self, graph: SceneGraph, question: Question, asked: Sequence[Edge]
    ) -> tuple[SceneGraph, Question]:
        if not asked:
            return graph, question
        subject, relation = asked[0].source, asked[0].relation
        old = {edge.target for edge in asked}
        others = [term for term in self.writer.ranges.get(relation, []) if term not in old]
        edited = graph.without(*asked)
        chosen = self.random.sample(others, min(len(others), self.random.choice([1, 1, 2, 3])))
        for term in chosen:
            label = self.builder.knowledge.label(term)
            edited.add(Node(term, NodeKind.CONCEPT, label, "edit"))
            edited.connect(Edge(subject, term, EdgeKind.FACT, relation, "edit"))
        path = {pair for pair in question.path if pair[1] not in old or pair[0] != subject}
        path |= {(subject, term) for term in chosen}
        return edited, replace(question, answers=frozenset(chosen), path=frozenset(path))


def _on_path(edge: Edge, question: Question) -> bool:
    """Whether an edge leads to the answer; from words, every edge to a node on the path does."""
    if (edge.source, edge.target) in question.path:
        return True
    if not edge.source.startswith("entity:"):
        return False
    touched = {end for pair in question.path for end in pair} | question.counted
    return edge.target in touched


def _route(question: Question) -> int:
    if question.yes is not None:
        return YES_NO
    return COUNT if question.kind == "count" else POINTER


def _yes_no(question: Question) -> int:
    if question.yes is None:
        return -1
    if not question.answerable:
        return UNKNOWN
    return YES if question.yes else NO

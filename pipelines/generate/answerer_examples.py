"""Training examples for the answerer: photographs, their objects, questions, tensors."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor

from graph_fusion.heads.graph import COUNT, NO, POINTER, UNKNOWN, YES, YES_NO
from graph_fusion.model import ModelConfig
from graph_fusion.tensors import GraphTensors, TextTable, graph_tensors
from kg.english import all_forms, normalise
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.query import query_of, region_features
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import make_linker
from pipelines.datasets.aokvqa import read_aokvqa
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa
from pipelines.datasets.photographs import read_teacher_boxes
from pipelines.datasets.splits import Part, for_training, in_part, question_part
from pipelines.detections import Detection, PerceptionResult, strongest
from pipelines.generate.question import GeneratedQuestion
from pipelines.generate.questions import QuestionWriter
from pipelines.generate.typist import Typist
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.reading.parser import Parser, Sentence

if TYPE_CHECKING:
    from pipelines.sightgraph import SightGraph


TEACHER_SCORE = 0.35
"""Boxes of the teacher below this are left out."""
TYPED = 0.5
"""Share of the questions of the part train that are written as people type."""
ASKED_ABOUT = "okvqa/"
"""Where the photographs are that people asked about."""
EDITED = 0.35
"""Share of fact questions whose facts are exchanged, so that the model must read the graph."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph as the answerer is trained on it: its size, if known, and its objects."""

    name: str
    part: Part
    info: PhotoInfo | None
    detections: tuple[Detection, ...]
    seen: PerceptionResult | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """Tensors of one graph and question, with their targets.

    Shapes (N nodes, E messages):
        answers, counted, countable [N]: masks
        path [E]: 1 on the path to the answer, 0 off it, -1 if it is unknown
        route, yes_no: class numbers of `graph_fusion.heads.graph`, yes_no -1 for other questions
    """

    tensors: GraphTensors
    answers: Tensor
    counted: Tensor
    countable: Tensor
    path: Tensor
    route: int
    yes_no: int
    kind: str
    part: Part
    question: str = ""
    photo: str = ""


def teacher_pictures(data: Path) -> list[Picture]:
    """Return the photographs of `teacher_boxes.json.gz` with the boxes in it.

    Raises:
        SightGraphError: the file is not in `data`.
    """
    pictures = []
    for one in sorted(read_teacher_boxes(data), key=lambda one: one.name):
        with Image.open(data / one.name) as image:
            info = PhotoInfo(one.name, *image.size)
        found = tuple(
            Detection(label, score, "teacher", Box(*box))
            for label, score, box in one.boxes
            if score >= TEACHER_SCORE
        )
        pictures.append(Picture(one.name, one.part, info, tuple(strongest(found))))
    return pictures


def seen_pictures(data: Path, pictures: Iterable[Picture], eyes: SightGraph) -> Iterator[Picture]:
    """Look at photographs as an answer does: objects, region features, and what is perceived."""
    for one in pictures:
        photo = Photo.open(data / one.name)
        info = PhotoInfo(one.name, photo.width, photo.height)
        found = tuple(eyes.detect(photo))
        yield Picture(one.name, one.part, info, found, eyes.perception(photo, found))


def some_pictures(pictures: Sequence[Picture], most: int, seed: int) -> list[Picture]:
    """Return at most `most` of the pictures: those that people asked about, then random ones."""
    chosen = random.Random(seed).sample(list(pictures), len(pictures))
    return sorted(chosen, key=lambda one: not one.name.startswith(ASKED_ABOUT))[:most]


class ExampleMaker:
    """Makes examples of pictures; the same seed makes the same ones."""

    def __init__(
        self,
        builder: GraphBuilder,
        parser: Parser,
        table: TextTable,
        config: ModelConfig,
        seed: int,
        typed: bool = False,
    ) -> None:
        """Make examples from `seed`. typed: also worded and written as people type."""
        self.typist = Typist(seed) if typed else None
        self.builder = builder
        self.parser = parser
        self.table = table
        self.config = config
        self.random = random.Random(seed)
        assert isinstance(builder.knowledge, Knowledge)  # questions are written from all of it
        self.writer = QuestionWriter(builder.knowledge, builder, seed, typed)

    def examples(self, picture: Picture, amount: int) -> Iterator[Example]:
        """Yield up to `amount` examples of one picture."""
        scene = self.builder(picture.detections, picture.info, perceived=picture.seen)
        for question in self.writer.write(scene, amount):
            part = question_part(question.subject, question.wording, picture.part)
            sentence = self.parser(self._written(question.text, part))
            graph = self.builder.with_text(scene, sentence)
            if part == "train" and question.fact and self.random.random() < EDITED:
                graph, question = self._edit(graph, question)
            yield self._example(picture, graph, sentence, question)

    def human_example(self, picture: Picture, text: str, answers: Collection[str]) -> Example:
        """Return the example of a question that a person asked; its path is unknown.

        answers: the accepted names. If no node of the graph has one of them, the target is that
        the graph does not hold the answer.
        """
        sentence = self.parser(self._written(text, picture.part))
        graph = self.builder(picture.detections, picture.info, sentence, picture.seen)
        right = {normalise(one) for one in answers}
        found = frozenset(
            node.id
            for node in graph.nodes()
            if node.kind != NodeKind.ENTITY and right & set(all_forms(node.label))
        )
        question = GeneratedQuestion(
            text, "asked", text, text, answers=found, answerable=bool(found)
        )
        example = self._example(picture, graph, sentence, question)
        unknown = torch.full_like(example.path, -1.0)
        return replace(example, path=unknown, part=picture.part)

    def _written(self, text: str, part: Part) -> str:
        """Return a question as it is, or as it might be typed."""
        if self.typist is None or part != "train" or self.random.random() > TYPED:
            return text
        return self.typist(text)

    def _example(
        self,
        picture: Picture,
        graph: SceneGraph,
        sentence: Sentence,
        question: GeneratedQuestion,
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
            part=question_part(question.subject, question.wording, picture.part),
            question=sentence.text,
            photo=picture.name,
        )

    def _edit(
        self, graph: SceneGraph, question: GeneratedQuestion
    ) -> tuple[SceneGraph, GeneratedQuestion]:
        """Exchange the facts that the question asks for, in the graph and in the target.

        What the subject would inherit goes with its own facts: else the graph still entails them.
        """
        assert question.fact is not None
        subject, relation = question.fact
        facts = _facts(graph, [subject], relation)
        inherited = _facts(graph, self.builder.knowledge.categories(subject), relation)
        if question.yes is None:
            old = {edge.target for edge in facts}
            graph = graph.without(*(edge for edge in inherited if edge.target in old))
            return self._exchange(graph, question, facts)
        if question.yes and question.answerable:
            true = {target for source, target in question.path if source == subject}
            gone = [edge for edge in (*facts, *inherited) if edge.target in true]
            on = frozenset(pair for pair in question.path if pair[0] != subject)
            return graph.without(*gone), replace(question, yes=False, path=on)
        return graph, question

    def _exchange(
        self, graph: SceneGraph, question: GeneratedQuestion, facts: Sequence[Edge]
    ) -> tuple[SceneGraph, GeneratedQuestion]:
        if not facts:
            return graph, question
        subject, relation = facts[0].source, facts[0].relation
        old, predicate = {edge.target for edge in facts}, facts[0].predicate
        others = [term for term in self.writer.ranges.get(relation, []) if term not in old]
        edited = graph.without(*facts)
        chosen = self.random.sample(others, min(len(others), self.random.choice([1, 1, 2, 3])))
        for term in chosen:
            label = self.builder.knowledge.label(term)
            edited.add(Node(term, NodeKind.CONCEPT, label, "edit"))
            edited.connect(
                Edge(subject, term, EdgeKind.FACT, relation, "edit", predicate=predicate)
            )
        path = {pair for pair in question.path if pair[1] not in old or pair[0] != subject}
        path |= {(subject, term) for term in chosen}
        return edited, replace(question, answers=frozenset(chosen), path=frozenset(path))


def _facts(graph: SceneGraph, subjects: Iterable[str], relation: str) -> list[Edge]:
    return [
        edge
        for subject in subjects
        if subject in graph
        for edge in graph.edges_from(subject)
        if edge.relation == relation and edge.kind == EdgeKind.FACT
    ]


def _on_path(edge: Edge, question: GeneratedQuestion) -> bool:
    """Return whether an edge is on the path; every edge from a word to a node on it is."""
    if (edge.source, edge.target) in question.path:
        return True
    if not edge.source.startswith("entity:"):
        return False
    touched = {end for pair in question.path for end in pair} | question.counted
    return edge.target in touched


def _route(question: GeneratedQuestion) -> int:
    if question.yes is not None:
        return YES_NO
    return COUNT if question.kind == "count" else POINTER


def _yes_no(question: GeneratedQuestion) -> int:
    if question.yes is None:
        return -1
    if not question.answerable:
        return UNKNOWN
    return YES if question.yes else NO


def read_pictures(
    data: Path, eyes: SightGraph | None, most: int | None = None, seed: int = 0
) -> list[Picture]:
    """Return the photographs with the teacher's boxes, or with what `eyes` see; at most `most`."""
    pictures = teacher_pictures(data)
    if most is not None:
        pictures = some_pictures(pictures, most, seed)
    if eyes is None:
        return pictures
    return list(track(seen_pictures(data, pictures, eyes), "looking", total=len(pictures)))


def generated_examples(
    pictures: Sequence[Picture],
    config: ModelConfig,
    questions: int,
    seed: int,
    typed: bool = False,
) -> tuple[list[Example], TextTable]:
    """Return examples of `questions` generated questions on each picture, and their texts.

    typed: also worded and written as people type.
    """
    table = TextTable()
    knowledge = Knowledge.bundled()
    builder = GraphBuilder(knowledge, make_linker(knowledge))
    maker = ExampleMaker(builder, Parser(), table, config, seed, typed)
    examples = [
        example
        for picture in track(pictures, "writing questions")
        for example in maker.examples(picture, questions)
    ]
    return examples, table


LABEL_SCORE = 0.5
"""Score of an object without a box."""
MIN_AGREED = 0.6
"""Minimum soft score of a right answer: two of ten people gave it."""
UNKNOWN_SHARE = 0.06
"""Share of the questions without an answer in the knowledge that are used."""
DECIDED = frozenset({"yes", "no"})


@dataclass(frozen=True, slots=True)
class HumanQuestion:
    """A question of a person about a photograph, and the answers that people agreed on."""

    picture: Picture
    text: str
    answers: frozenset[str]


def human_questions(data: Path) -> list[OpenQuestion]:
    """Return the part train of OK-VQA, and of A-OKVQA on photographs whose labels OK-VQA gives.

    None, where `data` lacks the files.
    """
    file, more = data / "okvqa" / "train.json", data / "aokvqa" / "train.csv"
    questions = read_okvqa(file) if file.is_file() else []
    if questions and more.is_file():
        questions += [one for one in read_aokvqa(more, questions) if one.seen]
    return for_training(in_part(questions, "train"))


class HumanQuestions:
    """Chooses questions whose answer is a fact of an object in the photograph, and some others.

    pictures: the photographs whose objects are known, by path.
    """

    def __init__(self, knowledge: Knowledge, pictures: Mapping[str, Picture], seed: int) -> None:
        self.knowledge = knowledge
        self.linker = Linker(knowledge)
        self.pictures = pictures
        self.random = random.Random(seed)
        self._reached: dict[str, frozenset[str]] = {}

    def __call__(self, data: Path) -> Iterator[HumanQuestion]:
        """Yield questions of the part train of OK-VQA and A-OKVQA, where `data` has them."""
        for one in human_questions(data):
            answers = frozenset(text for text, score in one.scores.items() if score >= MIN_AGREED)
            if not answers or answers & DECIDED or any(text.isdigit() for text in answers):
                continue
            picture = self._picture(one)
            known = self._denoted(answers) & self._known(picture)
            if known or self.random.random() < UNKNOWN_SHARE:
                yield HumanQuestion(picture, one.question, answers)

    def _picture(self, one: OpenQuestion) -> Picture:
        found = self.pictures.get(one.file_name)
        if found is not None:
            return found
        labels = [label for label in one.seen if self._concepts(label)]
        seen = tuple(Detection(label, LABEL_SCORE, "labels", None) for label in labels)
        return Picture(one.file_name, one.part, None, seen)

    def _known(self, picture: Picture) -> set[str]:
        """Return the concepts of the objects, and the objects of their facts."""
        return {one for seen in picture.detections for one in self._reach(seen.label)}

    def _reach(self, label: str) -> frozenset[str]:
        if label not in self._reached:
            found = self._concepts(label)
            facts = [fact for concept in found for fact in self.knowledge.facts(concept)]
            self._reached[label] = frozenset(found) | {fact.object for fact in facts}
        return self._reached[label]

    def _concepts(self, label: str) -> list[str]:
        return [one.concept for one in self.linker.best(label, head=True)]

    def _denoted(self, answers: frozenset[str]) -> set[str]:
        forms = {form for one in answers for form in all_forms(one)}
        return {concept for form in forms for concept in self.knowledge.named(form)}

"""SightGraph: a photograph and a question in, an answer with its evidence out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from graph_fusion.tensors import Query
from kg.errors import SightGraphError
from kg.files import bundled
from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.edits import EditedKnowledge, Edits
from kg.knowledge.facts import Fact, KnowledgeGraph
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from pipelines.answering.answerer import Answerer, Prediction
from pipelines.answering.edit_answers import SURE, UsersWord
from pipelines.answering.evidence import Answer, asserted
from pipelines.answering.query import RelationWordings, query_of, region_features
from pipelines.build.builder import GraphBuilder, kept
from pipelines.build.retrieval import MOST_FACTS, FactFinder, make_linker, split
from pipelines.detections import Detection, without_duplicates
from pipelines.detectors import Detector, make_detector
from pipelines.detectors.precomputed import PrecomputedDetector
from pipelines.photo import Photo
from pipelines.reading.parser import Parser
from pipelines.seeing.perception import Perception

PhotoSource = str | Path | Image.Image | Photo


class EditWarning(UserWarning):
    """An edit of the knowledge may not do what was wanted."""


class SightGraph:
    """The whole way from a photograph and a question to an answer.

    >>> sightgraph = SightGraph.from_pretrained()
    >>> sightgraph.ask("example:cat", "Is this animal a mammal?").text
    'yes'
    """

    def __init__(
        self, detector: Detector, parser: Parser, knowledge: KnowledgeGraph, answerer: Answerer
    ) -> None:
        self.detector = detector
        self.parser = parser
        self.knowledge = knowledge
        whole, large = split(knowledge)
        finders = [FactFinder(store, answerer.encoder) for store in large]
        self.builder = GraphBuilder(whole, make_linker(whole, answerer.encoder), finders)
        self.wordings = RelationWordings(whole, answerer.encoder)
        self.perception = Perception(whole, detector)
        self.answerer = answerer
        self.word: UsersWord | None = None

    @classmethod
    def from_pretrained(
        cls,
        detector: str | Detector = "bundled",
        knowledge: KnowledgeGraph | None = None,
        parser: Parser | None = None,
        answerer: Answerer | str | Path | None = None,
        **detector_options: Any,
    ) -> SightGraph:
        """Put the bundled parts together, or parts of your own.

        detector: a name of `pipelines.detectors.DETECTORS`, or a detector.
        answerer: a folder that `sightgraph train answerer` wrote, or an answerer.
        """
        if answerer is None:
            answerer = bundled("models", "answerer")
        if isinstance(answerer, str | Path):
            answerer = Answerer.load(Path(answerer))
        return cls(
            make_detector(detector, **detector_options),
            parser or Parser(),
            knowledge or Knowledge.bundled(),
            answerer,
        )

    def ask(self, photo: PhotoSource, question: str, edits: Edits | None = None) -> Answer:
        """Answer `question` about `photo`.

        edits: facts to set and to unset for this question. An `EditWarning` tells of those that
            bear on nothing in the graph, or have a name in them that is nearly a known one.

        Raises:
            SightGraphError: the question is empty, the photograph cannot be read, or an edit
                cannot be made (`kg.knowledge.edits.EditedKnowledge`).
        """
        if edits:
            edited = self.edited(edits)
            answer = edited.ask(photo, question)
            for note in edited.notes(answer):
                warnings.warn(note, EditWarning, stacklevel=2)
            return answer
        if not question.strip():
            raise SightGraphError("the question is empty. Ask something, e.g. 'What is this?'.")
        timer = Timer()
        opened = Photo.open(photo)
        timer.done("open")
        detections = self.detect(opened)
        timer.done("detect")
        graph, query, regions = self.read(opened, question, detections, timer)
        reply = self.answerer(graph, query, regions)
        if told := self.word(graph, query) if self.word else None:
            candidates = asserted(reply.candidates, told.text, SURE)
            reply = Prediction(told.text, candidates, told.evidence)
        timer.done("answer")
        return Answer(
            question=question,
            text=reply.text,
            candidates=reply.candidates,
            evidence=reply.evidence,
            graph=graph,
            timings_ms=timer.milliseconds,
            models={
                "detector": self.detector.name,
                "parser": "bundled",
                "text": self.answerer.encoder.name,
                "answerer": f"{self.answerer.model.config.fusion} fusion",
            },
        )

    def detect(self, photo: Photo) -> Sequence[Detection]:
        """Return what the detector finds, each object once; given boxes are all meant."""
        found = self.detector(photo)
        return (
            found if isinstance(self.detector, PrecomputedDetector) else without_duplicates(found)
        )

    def read(
        self,
        photo: Photo,
        question: str,
        detections: Sequence[Detection],
        timer: Timer | None = None,
    ) -> tuple[SceneGraph, Query, Mapping[str, np.ndarray]]:
        """Return what is answered from: graph, query, and region features [F] by node id."""
        timer = timer or Timer()
        sentence = self.parser(question)
        timer.done("parse")
        seen = self.perception(photo, kept(detections))
        timer.done("look")
        graph = self.builder(detections, _info(photo), sentence, seen)
        timer.done("build")
        query = query_of(sentence)
        query = replace(query, wordings=self.wordings(graph, query.frame))
        return graph, query, region_features(detections, self.answerer.model.config.region_detector)

    def edited(self, edits: Edits) -> SightGraph:
        """Return the same with edited knowledge, sharing every model; this one stays as it is.

        Raises:
            SightGraphError: an edit cannot be made (`kg.knowledge.edits.EditedKnowledge`).
        """
        stores = [finder.store for finder in self.builder.finders]
        knowledge = EditedKnowledge(self.builder.knowledge, edits, stores)
        other = copy(self)
        other.knowledge = knowledge
        other.builder = edited_builder(self.builder, knowledge)
        other.wordings = RelationWordings(knowledge, self.answerer.encoder)
        other.perception = edited_perception(self.perception, knowledge)
        other.word = UsersWord(knowledge, self.answerer.encoder)
        return other

    def notes(self, answer: Answer) -> list[str]:
        """Return a line for each edit that may not have done what was wanted in `answer`."""
        if not isinstance(self.knowledge, EditedKnowledge):
            return []
        return self.knowledge.notes(answer.graph)

    def graph(self, photo: PhotoSource, text: str | None = None) -> SceneGraph:
        """Return the graph of `photo`, with what is known, and with `text` linked into it.

        Raises:
            SightGraphError: the text is empty, or the photograph cannot be read.
        """
        opened = Photo.open(photo)
        sentence = None if text is None else self.parser(text)
        detections = self.detect(opened)
        seen = self.perception(opened, kept(detections))
        return self.builder(detections, _info(opened), sentence, seen)


class Timer:
    """Wall-clock time by step, in milliseconds."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}
        self._started = self._last = perf_counter()

    def done(self, step: str) -> None:
        now = perf_counter()
        self.milliseconds[step] = (now - self._last) * 1000
        self.milliseconds["total"] = (now - self._started) * 1000
        self._last = now


def _info(photo: Photo) -> PhotoInfo:
    return PhotoInfo(photo.source, photo.width, photo.height)


class EditedFinder(FactFinder):
    """`finder` without the facts that are unset."""

    def __init__(self, finder: FactFinder, knowledge: EditedKnowledge) -> None:
        self.finder = finder
        self.store = finder.store
        self.knowledge = knowledge

    def __call__(
        self, question: str, asked: Sequence[int], seen: Sequence[int], most: int = MOST_FACTS
    ) -> list[Fact]:
        """Return the best facts around the nodes `asked` and `seen`, best first."""
        found = self.finder(question, asked, seen, most)
        return [fact for fact in found if not self.knowledge.takes_away(fact)]

    def nodes(self, name: str, lemma: str | None = None) -> list[int]:
        """Return the nodes that a name may mean."""
        return self.finder.nodes(name, lemma)


def edited_builder(builder: GraphBuilder, knowledge: EditedKnowledge) -> GraphBuilder:
    """Return a builder over `knowledge` with the linker's vectors and the stores of `builder`."""
    linker = Linker(knowledge, builder.linker.meanings, builder.linker.words)
    return GraphBuilder(
        knowledge, linker, [EditedFinder(finder, knowledge) for finder in builder.finders]
    )


def edited_perception(perception: Perception, knowledge: EditedKnowledge) -> Perception:
    """Return a perception that sees alike, and suggests what `knowledge` says."""
    edited = Perception(knowledge)
    edited.eye = perception.eye
    edited.scenes = perception.scenes
    edited.relations = perception.relations
    return edited

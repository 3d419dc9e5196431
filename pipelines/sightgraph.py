"""SightGraph: a photograph and a question in, an answer with its evidence out."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graph_fusion.tensors import Query
from graph_fusion.threads import use_threads
from kg.errors import SightGraphError, SightGraphWarning
from kg.files import bundled
from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.edits import EditedKnowledge, Edits
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge
from pipelines.answering.answerer import Answerer, FusedQuestion
from pipelines.answering.edit_answers import EditAnswers
from pipelines.answering.evidence import Answer
from pipelines.answering.prediction import Prediction, Strategy
from pipelines.answering.query import RelationWordings, query_of, region_features
from pipelines.answering.rules import checked
from pipelines.answering.strategies import predict
from pipelines.build.builder import GraphBuilder
from pipelines.build.retrieval import FactFinder, make_linker, split
from pipelines.detections import Detection, PerceptionResult, strongest, without_duplicates
from pipelines.detectors import Detector, OpenDetector, make_detector
from pipelines.modalities import Modality, ModalitySource, modalities_of
from pipelines.modalities.naming import SignalNamer, named, unnamed
from pipelines.namers import Namer, make_namer
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo, PhotoSource
from pipelines.reading.language import check_english
from pipelines.reading.parser import Parser, check_text
from pipelines.reading.sentence import Sentence
from pipelines.reading.written import written_kind
from pipelines.seeing.asked import asked_names
from pipelines.seeing.perception import Perceiver, Perception, PerceptionModels
from pipelines.seeing.seen import SeenPhotographs
from pipelines.seeing.stated import stated_by
from pipelines.seeing.text import TEXT_READERS, TextReader
from pipelines.timer import Timer

if TYPE_CHECKING:
    from pipelines.drawing.drawer import Drawer, Drawing
    from pipelines.video.watch import WatchedVideo

NO_PHOTOGRAPH = "no photograph was given: nothing is seen"
MAX_TEXTS = 40
"""Lines of text that become nodes: of a page, the first ones. Set by hand."""


class EditWarning(SightGraphWarning):
    """An edit of the knowledge may not do what was intended."""


@dataclass(frozen=True)
class SightGraph:
    """The parts from a photograph and a question to an answer; a variant is a `replace` of them.

    >>> sightgraph = SightGraph.from_pretrained()
    >>> sightgraph.ask("example:cat", "Is this animal a mammal?").text
    'yes'

    knowledge: all that is known, stores included that are too large to be used whole.
    wordings: matches questions with the wordings that a user's relations declare.
    namer: names what the detector found; None for the detector's own names.
    text_reader: reads text in the photograph where the question asks for something written;
        None for never.
    text_in_photo: read text in every photograph, whatever is asked.
    edit_answers: finds the edit that answers a question; None where nothing is edited.
    seen: keeps what these eyes saw in photographs between runs; None: each is looked at.
    signal_namers: name the modalities beside the photograph, by the modality.
    """

    detector: Detector
    parser: Parser
    knowledge: KnowledgeGraph
    perception: Perceiver
    builder: GraphBuilder
    wordings: RelationWordings
    answerer: Answerer
    edit_answers: Strategy | None = None
    namer: Namer | None = None
    text_reader: TextReader | None = field(default_factory=lambda: TEXT_READERS.make("rapidocr"))
    text_in_photo: bool = False
    seen: SeenPhotographs | None = None
    signal_namers: Mapping[str, SignalNamer] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        detector: Detector,
        parser: Parser,
        knowledge: KnowledgeGraph,
        answerer: Answerer,
        namer: Namer | None = None,
        seen: SeenPhotographs | None = None,
    ) -> SightGraph:
        """Put parts together; the others follow from the knowledge."""
        whole, large = split(knowledge)
        finders = [FactFinder(store, answerer.encoder) for store in large]
        features = namer if isinstance(namer, EfficientNetNamer) else None
        return cls(
            detector,
            parser,
            knowledge,
            stated_by(detector, Perception(whole, PerceptionModels(features, seen))),
            GraphBuilder(whole, make_linker(whole, answerer.encoder), finders),
            RelationWordings(whole, answerer.encoder),
            answerer,
            namer=namer,
            seen=seen,
        )

    @classmethod
    def from_pretrained(
        cls,
        detector: str | Detector = "bundled",
        knowledge: KnowledgeGraph | None = None,
        parser: Parser | None = None,
        answerer: Answerer | str | Path | None = None,
        namer: str | Namer | None = "default",
        remember: bool = False,
        **detector_options: Any,
    ) -> SightGraph:
        """Put the bundled parts together, or parts of your own; torch uses `use_threads`.

        detector: a name of `pipelines.detectors.DETECTORS`, or a detector.
        answerer: a folder that `sightgraph train answerer` wrote, or an answerer.
        namer: a name of `pipelines.namers.NAMERS`, or a namer; None leaves the detector's labels.
            By default the bundled one names what the bundled detector finds, on whose detections
            its rules were learned, and no other's.
        remember: keep what the bundled eyes see in `~/.cache/sightgraph`, so that a photograph
            is looked at once (`pipelines.seeing.seen`).
        """
        use_threads()
        if answerer is None:
            answerer = bundled("models", "answerer")
        if isinstance(answerer, str | Path):
            answerer = Answerer.load(Path(answerer))
        knowledge = knowledge or Knowledge.bundled()
        eyes = make_detector(detector, **detector_options)
        if namer == "default":
            namer = EfficientNetNamer(knowledge) if eyes.name == "bundled" else None
        named = None if namer is None else make_namer(namer)
        seen = SeenPhotographs.by(eyes, named, knowledge) if remember else None
        return cls.of(eyes, parser or Parser(), knowledge, answerer, named, seen)

    def ask(
        self,
        photo: PhotoSource | None,
        question: str,
        edits: Edits | None = None,
        modalities: Mapping[str, ModalitySource] | None = None,
    ) -> Answer:
        """Answer `question` about `photo`: detect, look, read, build, fuse, answer, cite.

        photo: None where there is none; `Answer.missing` then says so.
        modalities: files or arrays beside it, by name (`pipelines.modalities.open_modality`).
        edits: facts to set and to unset for this question. An `EditWarning` names those that
            concern nothing in the graph, or have a name in them that is nearly a known one.

        Raises:
            SightGraphError: question, photograph or a modality cannot be read, the question is not
                English, or an edit cannot be made (`kg.knowledge.edits.EditedKnowledge`).
        """
        if edits:
            edited = self.edited(edits)
            answer = edited.ask(photo, question, modalities=modalities)
            for note in edited.notes(answer):
                warnings.warn(note, EditWarning, stacklevel=2)
            return answer
        check_text(question)
        check_english(question)
        timed = Timer()
        opened = timed("open", None if photo is None else Photo.open(photo))
        signals = self.signals(modalities)
        if signals:
            timed("listen", signals)
        sentence = timed("parse", self.parser(question))
        detections = [] if opened is None else timed("detect", self.detect(opened, sentence))
        return self.answered(opened, sentence, detections, signals, timed)

    def answered(
        self,
        photo: Photo | None,
        sentence: Sentence,
        detections: Sequence[Detection],
        signals: Sequence[Modality] = (),
        timed: Timer | None = None,
    ) -> Answer:
        """Answer a question that was read, about a photograph whose objects are known.

        photo: None where there is none. timed: keeps the time of each step.
        """
        timed = timed or Timer()
        graph = self.graph_of(photo, detections, sentence, signals, timed)
        fused = self.answerer.fuse(graph, self.query(graph, sentence), self.regions(detections))
        prediction = timed("answer", self.answer(fused))
        return Answer(
            question=sentence.text,
            text=prediction.text,
            candidates=prediction.candidates,
            evidence=prediction.evidence,
            graph=graph,
            timings_ms=timed.milliseconds,
            models=self.models,
            missing=(*(() if photo else (NO_PHOTOGRAPH,)), *unnamed(signals)),
            rule=prediction.rule,
        )

    def signals(self, modalities: Mapping[str, ModalitySource] | None) -> tuple[Modality, ...]:
        """Return the modalities, read and named by the namers of these models.

        Raises:
            SightGraphError: one cannot be read, or its namer expects other features.
        """
        opened = modalities_of(modalities)
        return tuple(named(one, self.signal_namers.get(one.name)) for one in opened)

    def detect(self, photo: Photo, sentence: Sentence | None = None) -> list[Detection]:
        """Return the objects of a photograph, each once, the strongest first.

        sentence: a detector that can be told what to look for looks for what it names too.
        """
        if self.seen is None or not self.seen.is_of(self.detector, self.namer):
            return self._detected(photo, sentence)
        return self.seen.detections(photo, lambda: self._detected(photo, sentence))

    def _detected(self, photo: Photo, sentence: Sentence | None) -> list[Detection]:
        detector = self.detector
        if isinstance(detector, OpenDetector):
            detector = detector.looking_for(asked_names(sentence, self.builder.knowledge))
        found = detector(photo)
        if self.namer is not None:
            found = self.namer(photo, found)
        once = getattr(detector, "deduplicates", False)
        return strongest(found if once else without_duplicates(found))

    def query(self, graph: SceneGraph, sentence: Sentence) -> Query:
        """Return what the networks read of a question."""
        query = query_of(sentence)
        return replace(query, wordings=self.wordings(graph, query.frame))

    def regions(self, detections: Sequence[Detection]) -> Mapping[str, np.ndarray]:
        """Return the region features [F] of the detections, by node id."""
        return region_features(detections, self.answerer.model.config.region_detector)

    def answer(self, fused: FusedQuestion) -> Prediction:
        """Answer and cite (`pipelines.answering.strategies`)."""
        seeable = getattr(self.detector, "labels", ())
        return predict(self.answerer, fused, self.edit_answers, seeable)

    def read(
        self, photo: Photo, question: str, detections: Sequence[Detection]
    ) -> tuple[SceneGraph, Query, Mapping[str, np.ndarray]]:
        """Return the inputs of fusion: graph, query, and region features [F] by node id."""
        sentence = self.parser(question)
        graph = self.graph_of(photo, detections, sentence)
        return graph, self.query(graph, sentence), self.regions(detections)

    def without_rules(self, names: Iterable[str]) -> SightGraph:
        """Return the same without rules of `pipelines.answering.rules.RULES`.

        Raises:
            UnknownNameError: there is no such rule.
        """
        off = self.answerer.without_rules | checked(names)
        return replace(self, answerer=replace(self.answerer, without_rules=off))

    def edited(self, edits: Edits) -> SightGraph:
        """Return the same with edited knowledge, sharing every model.

        Raises:
            SightGraphError: an edit cannot be made (`kg.knowledge.edits.EditedKnowledge`).
        """
        stores = [finder.store for finder in self.builder.finders]
        knowledge = EditedKnowledge(self.builder.knowledge, edits, stores)
        return replace(
            self,
            knowledge=knowledge,
            perception=self.perception.edited(knowledge),
            builder=self.builder.edited(knowledge),
            wordings=RelationWordings(knowledge, self.answerer.encoder),
            edit_answers=EditAnswers(knowledge, self.answerer.encoder),
        )

    def notes(self, answer: Answer) -> list[str]:
        """Return a line for each edit that may not have done what was intended in `answer`."""
        if not isinstance(self.knowledge, EditedKnowledge):
            return []
        return self.knowledge.notes(answer.graph)

    def graph(
        self,
        photo: PhotoSource | None = None,
        text: str | None = None,
        modalities: Mapping[str, ModalitySource] | None = None,
    ) -> SceneGraph:
        """Return the graph of `photo`, with what is known, and with `text` linked into it.

        modalities: files or arrays beside the photograph, by name. Any one of the three will do.

        Raises:
            SightGraphError: nothing is given, the text is empty, or a file cannot be read.
        """
        sentence = None if text is None else self.parser(text)
        signals = self.signals(modalities)
        if photo is None and sentence is None and not signals:
            raise SightGraphError(
                "a graph needs a photograph, a text, or a modality, and none was given."
            )
        opened = None if photo is None else Photo.open(photo)
        detections = [] if opened is None else self.detect(opened, sentence)
        return self.graph_of(opened, detections, sentence, signals)

    def video(self, source: str | Path, rate: float = 10.0) -> WatchedVideo:
        """Watch a video: its objects, relations and events with their times, and its graph.

        rate: frames a second that are looked at. `pipelines.video.answers.answer` answers
        questions about what is returned.

        Raises:
            SightGraphError: it is no video, or exceeds the limits (`pipelines.video.frames`).
        """
        from pipelines.video.frames import Video
        from pipelines.video.watch import Options, watch

        return watch(self, Video.open(source), Options(rate))

    def graph_of(
        self,
        photo: Photo | None,
        detections: Sequence[Detection],
        sentence: Sentence | None = None,
        signals: Sequence[Modality] = (),
        timed: Timer | None = None,
    ) -> SceneGraph:
        """Return the graph of a photograph whose objects are known.

        photo: None where there is none. timed: keeps the time of each step.
        """
        timed = timed or Timer()
        perceived = info = None
        if photo is not None:
            perceived = timed("look", self.perception(photo, detections))
            if self._reads(sentence):
                perceived = timed("text", self._with_texts(perceived, photo))
            info = PhotoInfo(photo.source, photo.width, photo.height, photo.sha256)
        return timed("build", self.builder(detections, info, sentence, perceived, signals))

    def _reads(self, sentence: Sentence | None) -> bool:
        """Whether text in the photograph is read for this sentence."""
        asked = sentence is not None and written_kind(sentence) is not None
        return self.text_reader is not None and (self.text_in_photo or asked)

    def _with_texts(self, perceived: PerceptionResult, photo: Photo) -> PerceptionResult:
        """Return what was perceived, with the text of the photograph."""
        assert self.text_reader is not None
        return replace(perceived, texts=tuple(self.text_reader(photo)[:MAX_TEXTS]))

    def draw(self, text: str, seed: int = 0) -> Drawing:
        """Return a picture of `text`, with the graph of what is drawn; the same for a seed.

        Raises:
            SightGraphError: the text cannot be drawn (`pipelines.drawing.drawer.Drawer`).
        """
        return self.drawer(text, seed)

    @cached_property
    def drawer(self) -> Drawer:
        """Draws texts; its models load on first use, and stay."""
        from pipelines.drawing.drawer import Drawer

        return Drawer(self.builder)

    @property
    def models(self) -> dict[str, str]:
        """The name of every part that takes part in an answer."""
        return {
            "detector": self.detector.name,
            "parser": self.parser.name,
            "text": self.answerer.encoder.name,
            "answerer": self.answerer.name,
        }

"""Training of the gate: how far an answer comes from the graph and how far from the vocabulary.

An example is a question with the probabilities that both networks give to its right answers; the
objective is the likelihood of the right answers under the mixture. It is a logistic regression
on few features, so that all examples are one batch, and L-BFGS finds the minimum without seeds
or epochs. The answerer's folder gets mixing.json and the vocabulary's temperature.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias, TypeVar

import numpy as np
import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.tensors import Query
from graph_fusion.vocabulary_model import VocabularyAnswerer
from kg.errors import SightGraphError
from kg.graph import SceneGraph
from kg.knowledge.memory import Knowledge
from pipelines.answering.query import query_of
from pipelines.answering.vocabulary_answerer import (
    FEATURES,
    Gate,
    VocabularyPredictor,
    features,
    merged_by_stem,
)
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa
from pipelines.datasets.photographs import TeacherPhoto, read_teacher_boxes
from pipelines.datasets.questions import (
    PhotoQuestion,
    check_photographs,
    read_questions,
    same_answer,
)
from pipelines.datasets.splits import for_choosing, in_part, question_part
from pipelines.detections import Detection, strongest
from pipelines.evaluate.answering.okvqa import probabilities
from pipelines.generate.questions import QuestionWriter
from pipelines.generate.worded_graphs import worded_graphs
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph
from pipelines.training.minimise import minimise

LISTED, GENERATED_PHOTOS, GENERATED = 400, 60, 4
"""Questions of OK-VQA, photographs with generated questions, and questions on each."""
BY_HAND = 4.0
"""Weight of all questions that people asked about photographs, where those of OK-VQA and the
generated ones have 1 each: they are the most similar to the questions of users."""
STEPS, DECAY = 200, 0.02
MIN_PROBABILITY = 1e-4
"""Added to each probability, so that the loss of one question is bounded."""


Sampled = TypeVar("Sampled")
Human: TypeAlias = list[tuple[list[PhotoQuestion], Path]]
"""Questions of people, with the folder of their photographs."""


@dataclass(frozen=True, slots=True)
class GateTraining:
    """What the gate is trained on.

    questions: files as in data/questions, each about photographs in the folder of `images` at the
        same place; only those of the part development are used. vocabulary: folders that `train
        okvqa` wrote, whose average replaces the vocabulary network of the answerer.
    """

    questions: tuple[Path, ...]
    images: tuple[Path, ...]
    vocabulary: tuple[Path, ...] = ()


def train(
    data: Path, out: Path, options: GateTraining, log: Callable[[str], None] = print
) -> dict[str, float]:
    """Fit gate and temperature of the answerer in `out`, which is as it was until both are known.

    Raises:
        SightGraphError: a part of the answerer or of the data is missing.
    """
    human = by_folder(options)
    listed, pictures = choosing_records(data)
    encoder = TEXT_ENCODERS.make("minilm")
    first, *others = (VocabularyAnswerer.load(one, encoder) for one in options.vocabulary or (out,))
    vocabulary = first.joined(others)
    vocabulary.config = replace(vocabulary.config, temperature=_temperature(vocabulary, listed))
    sightgraph = SightGraph.from_pretrained(answerer=out)
    rater = Rater(sightgraph, VocabularyPredictor(vocabulary, Gate((0.0,) * len(FEATURES), 0.0)))
    rated = [
        *_together((one for some in human for one in rater.by_hand(*some)), BY_HAND),
        *_together(rater.listed(listed), 1.0),
        *_together(rater.generated(data, pictures), 1.0),
    ]
    log(f"{len(rated)} questions")
    gate = fit_gate(rated)
    if options.vocabulary:
        vocabulary.save(out)
    vocabulary.save_config(out)
    gate.save(out)
    found = dict(zip(FEATURES, gate.weights, strict=True))
    return {"questions": len(rated), "temperature": vocabulary.config.temperature} | found


def by_folder(options: GateTraining) -> Human:
    """Return the questions of each file with the folder of their photographs.

    Raises:
        SightGraphError: a file or a photograph is missing, or a file has no folder.
    """
    if len(options.questions) != len(options.images):
        raise SightGraphError(
            f"{len(options.questions)} files of questions have {len(options.images)} folders. "
            "Give --images for each --questions, in the same order."
        )
    found = []
    for file, images in zip(options.questions, options.images, strict=True):
        questions = for_choosing(read_questions(file, "development"))
        check_photographs(questions, images)
        found.append((questions, images))
    return found


def choosing_records(data: Path) -> tuple[list[OpenQuestion], list[TeacherPhoto]]:
    """Return the questions and photographs of `data` that temperature and gate are fitted on."""
    questions = in_part(read_okvqa(data / "okvqa" / "train.json"), "development")
    pictures = in_part(read_teacher_boxes(data), "development")
    return for_choosing(questions), for_choosing(pictures)


def _together(rated: Iterable[Rated], weight: float) -> list[Rated]:
    """Return `rated` with equal weights whose sum is `weight`."""
    found = list(rated)
    return [replace(one, weight=weight / len(found)) for one in found]


def _temperature(vocabulary: VocabularyAnswerer, questions: Sequence[OpenQuestion]) -> float:
    row = {answer: number for number, answer in enumerate(vocabulary.config.answers)}
    targets = torch.zeros(len(questions), len(row))
    for number, one in enumerate(questions):
        for answer, score in one.scores.items():
            if answer in row:
                targets[number, row[answer]] = score
    cold = VocabularyAnswerer(
        vocabulary.models, replace(vocabulary.config, temperature=1.0), vocabulary.wording
    )
    chances = probabilities(cold, worded_graphs(questions, vocabulary.wording.encoder))
    return fit_temperature(chances, targets)


@dataclass(frozen=True, slots=True)
class Rated:
    """Features of one question, the probabilities of its right answers, and its weight."""

    features: tuple[float, ...]
    graph: float
    vocabulary: float
    weight: float = 1.0


class Rater:
    """Asks both networks of a sightgraph separately."""

    def __init__(self, sightgraph: SightGraph, predictor: VocabularyPredictor) -> None:
        self.sightgraph = sightgraph
        self.predictor = predictor

    def by_hand(self, questions: Sequence[PhotoQuestion], images: Path) -> Iterator[Rated]:
        """Yield questions about photographs, with lists of accepted answers."""
        for one in track(questions, "questions by hand"):
            photo = Photo.open(one.photo(images))
            found = self.sightgraph.detect(photo)
            yield self._rated(*self.sightgraph.read(photo, one.text, found), one.answers)

    def listed(self, questions: Sequence[OpenQuestion], amount: int = LISTED) -> Iterator[Rated]:
        """Yield some questions of OK-VQA, with labels but no boxes."""
        for one in track(_some(questions, amount), "OK-VQA"):
            sentence = self.sightgraph.parser(one.question)
            found = [Detection(label, 1.0, "listed") for label in dict.fromkeys(one.seen)]
            graph = self.sightgraph.builder(strongest(found), None, sentence)
            yield self._rated(graph, query_of(sentence), {}, tuple(one.scores), one.scores)

    def generated(
        self, data: Path, pictures: Iterable[TeacherPhoto], photos: int = GENERATED_PHOTOS
    ) -> Iterator[Rated]:
        """Yield generated questions about some of the photographs."""
        names = sorted(one.name for one in pictures)
        assert isinstance(self.sightgraph.knowledge, Knowledge)
        writer = QuestionWriter(self.sightgraph.knowledge, self.sightgraph.builder, 0)
        for name in track(_some(names, photos), "generated questions"):
            photo = Photo.open(data / name)
            found = self.sightgraph.detect(photo)
            scene = self.sightgraph.graph(photo)
            for question in writer.write(scene, GENERATED):
                answers = {scene.node(one).label for one in question.answers if one in scene}
                answers |= {str(len(question.counted))} if question.kind == "count" else set()
                answers |= set() if question.yes is None else {"yes" if question.yes else "no"}
                part = question_part(question.subject, question.wording)
                if answers and question.answerable and part != "held-out":
                    read = self.sightgraph.read(photo, question.text, found)
                    yield self._rated(*read, tuple(answers))

    def _rated(
        self,
        graph: SceneGraph,
        query: Query,
        regions: Mapping[str, np.ndarray],
        answers: Sequence[str],
        scores: Mapping[str, float] | None = None,
    ) -> Rated:
        from_graph = self.sightgraph.answerer.graph_alone(graph, query, regions)
        (found,) = self.predictor(self.predictor.read(graph, query.text))
        from_vocabulary = merged_by_stem(from_graph, found)
        return Rated(
            features(from_graph, from_vocabulary, query.answer_type),
            _right(from_graph.graph_scores(), answers, scores),
            _right(from_vocabulary, answers, scores),
        )


def _some(found: Sequence[Sampled], amount: int) -> list[Sampled]:
    """Return `amount` of them, or all if there are fewer; always the same ones."""
    return random.Random(0).sample(found, min(amount, len(found)))


def _right(
    given: Mapping[str, float], answers: Sequence[str], scores: Mapping[str, float] | None
) -> float:
    """Return the probability on right answers, each by its soft score if it has one."""
    if scores is not None:
        return sum(share * scores.get(text, 0.0) for text, share in given.items())
    return sum(share for text, share in given.items() if same_answer(text, answers))


def fit_gate(rated: Sequence[Rated]) -> Gate:
    """Return the gate under which the right answers are most probable (maximum likelihood).

    Raises:
        SightGraphError: there is no question.
    """
    if not rated:
        raise SightGraphError("there is no question to fit the gate on.")
    x = torch.tensor([one.features for one in rated])
    graph = torch.tensor([one.graph for one in rated])
    vocabulary = torch.tensor([one.vocabulary for one in rated])
    counts = torch.tensor([one.weight for one in rated])
    counts = counts / counts.sum()
    weights, bias = torch.zeros(len(FEATURES)), torch.zeros(())

    def loss() -> Tensor:
        share = torch.sigmoid(x @ weights + bias)
        right = (1 - share) * graph + share * vocabulary
        likelihood = (counts * torch.log(right + MIN_PROBABILITY)).sum()
        return DECAY * weights.square().mean() - likelihood

    minimise(loss, [weights, bias], STEPS)
    return Gate(tuple(weights.tolist()), float(bias))


def fit_temperature(chances: Tensor, targets: Tensor) -> float:
    """Return the temperature under which the soft targets are most probable (Guo et al., 2017).

    Shapes:
        chances, targets [Q, A]: probabilities without a temperature, and soft targets
    """
    logits = chances.clamp_min(torch.finfo(chances.dtype).tiny).log()  # some underflow to 0
    log_temperature = torch.zeros(())
    shares = targets / targets.sum(dim=1, keepdim=True).clamp_min(MIN_PROBABILITY)

    def loss() -> Tensor:
        logs = F.log_softmax(logits * torch.exp(-log_temperature), dim=1)
        return -(shares * logs).sum(dim=1).mean()

    minimise(loss, [log_temperature], STEPS, line_search=False)
    return float(log_temperature.exp())

"""OK-VQA: measuring the vocabulary answerer by the official soft scores, from labels or pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.vocabulary_model import VocabularyAnswerer
from graph_fusion.vocabulary_tensors import VocabularyInput
from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.datasets.okvqa import MIN_PEOPLE, OpenQuestion, read_okvqa
from pipelines.datasets.splits import in_part, part_named
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.worded_graphs import worded_graphs
from pipelines.progress import track

BATCH = 64
REACHES = (5, 20)
"""Beside the best answer: whether one of so many is right."""
PHOTO_NAMES = ("COCO_train2014_{:012d}.jpg", "COCO_val2014_{:012d}.jpg", "{:012d}.jpg")
OWN_NAMES = ("{}", "{}.jpg", "{}.jpeg", "{}.png")
"""Names of photographs that are no numbers of COCO."""


@dataclass(frozen=True, slots=True)
class Models:
    """Answerers of one vocabulary whose probabilities are averaged."""

    members: list[VocabularyAnswerer]
    encoder: TextEncoder

    @property
    def answers(self) -> Sequence[str]:
        return self.members[0].config.answers


@dataclass(frozen=True, slots=True)
class OpenQuestions:
    """Questions to measure; left_out: number of those whose photograph is not in --images."""

    questions: list[OpenQuestion]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class OKVQAEvaluator:
    """The mean soft score of the answers, those of several models averaged.

    control: the name of a control under which the models are evaluated.
    """

    control: str | None = None

    def dataset(self, source: Source) -> OpenQuestions:
        """Read the questions of a part (the part held-out is also called validation), or all.

        With --images, only questions about photographs in that folder, with what the bundled
        detector sees; otherwise the listed detections are what is seen.

        Raises:
            SightGraphError: the file cannot be read, no question is left, or one has no answer.
            UnknownNameError: the file has no such part.
        """
        questions = read_okvqa(source.data, detections=source.images is None)
        if source.split is not None:
            questions = in_part(questions, part_named(source.split))
        if unscored := next((one for one in questions if not one.scores), None):
            raise SightGraphError(
                f"question '{unscored.id}' of '{source.data}' has no right answer. Give its "
                f"scores, or the answers of at least {MIN_PEOPLE} people."
            )
        asked = len(questions)
        if source.images is not None:
            questions = seen_in(questions, source.images)
        if not questions:
            which = f"about a photograph in '{source.images}'" if source.images else "to ask"
            raise SightGraphError(f"'{source.data}' holds no question {which}.")
        return OpenQuestions(questions, asked - len(questions))

    def system(self, *models: Path) -> Models:
        """Load the models, or the bundled one.

        Raises:
            SightGraphError: one cannot be read, or they have different answers.
            UnknownNameError: there is no such control.
        """
        encoder = TEXT_ENCODERS.make("minilm")
        folders = models or (bundled("models", "answerer"),)
        found = [VocabularyAnswerer.load(folder, encoder, self.control) for folder in folders]
        if any(model.config.answers != found[0].config.answers for model in found):
            raise SightGraphError(
                "the models have different answers. Average those of one training."
            )
        return Models(found, encoder)

    def __call__(self, system: Models, dataset: OpenQuestions) -> Report:
        questions = dataset.questions
        graphs = worded_graphs(questions, system.encoder)
        torch.manual_seed(0)  # what controls draw
        chances = torch.stack([probabilities(model, graphs) for model in system.members]).mean(0)
        rows = [
            {
                "id": one.id,
                "question": one.question,
                "answer": system.answers[int(row.argmax())],
                "confidence": round(float(row.max()), 4),
                "score": one.scores.get(system.answers[int(row.argmax())], 0.0),
            }
            for one, row in zip(questions, chances, strict=True)
        ]
        found = figures(questions, system.answers, chances)
        return Report("accuracy", found | {"left out": float(dataset.left_out)}, rows)


def probabilities(model: VocabularyAnswerer, graphs: Sequence[VocabularyInput]) -> Tensor:
    """Return the probability of each answer for each question [Q, A], in batches."""
    starts = range(0, len(graphs), BATCH)
    return torch.cat([model(graphs[at : at + BATCH]) for at in track(starts, "answering")])


def figures(
    questions: Sequence[OpenQuestion], answers: Sequence[str], chances: Tensor
) -> dict[str, float]:
    """Return the soft score of the best answer, and of the best among the first few.

    Shapes:
        chances [Q, A]
    """
    limit = max(REACHES)
    best = chances.topk(min(limit, len(answers)), dim=1).indices.tolist()
    scores = [
        [one.scores.get(answers[i], 0.0) for i in row]
        for one, row in zip(questions, best, strict=True)
    ]
    report = {
        "questions": float(len(questions)),
        "accuracy": sum(row[0] for row in scores) / len(scores),
    }
    for reach in REACHES:
        report[f"best of {reach}"] = sum(max(row[:reach]) for row in scores) / len(scores)
    known = set(answers)
    reachable = (
        max((score for answer, score in one.scores.items() if answer in known), default=0.0)
        for one in questions
    )
    return report | {"in the vocabulary": sum(reachable) / len(questions)}


def seen_in(questions: Sequence[OpenQuestion], images: Path) -> list[OpenQuestion]:
    """Return the questions whose photographs lie in `images`, with what our models see there."""
    files = {one.photo: _photo_file(images, one.photo) for one in questions}
    there = sorted({photo for photo, file in files.items() if file is not None})
    look = looker()
    labels = {photo: look(Path(files[photo] or "")) for photo in track(there, "looking")}
    return [replace(one, seen=labels[one.photo]) for one in questions if one.photo in labels]


def looker() -> Callable[[Path], tuple[str, ...]]:
    """Return what names the objects, most confident first, and the scenes of a photograph."""
    from kg.knowledge.memory import Knowledge
    from pipelines.answering.vocabulary_answerer import MIN_SCORE
    from pipelines.detections import strongest, without_duplicates
    from pipelines.detectors import make_detector
    from pipelines.photo import Photo
    from pipelines.seeing.perception import Perception, PerceptionModels

    detector = make_detector("bundled")
    perception = Perception(Knowledge.bundled(), PerceptionModels())

    def look(file: Path) -> tuple[str, ...]:
        photo = Photo.open(file)
        found = strongest(without_duplicates(detector(photo)))
        seen = perception(photo, found)
        objects = [one.label for one in found if one.score >= MIN_SCORE]
        return tuple(dict.fromkeys([*objects, *(scene.label for scene in seen.scenes)]))

    return look


def _photo_file(images: Path, photo: str) -> Path | None:
    names = [name.format(photo) for name in OWN_NAMES]
    if photo.isdecimal():
        names += [name.format(int(photo)) for name in PHOTO_NAMES]
    return next((images / name for name in names if (images / name).is_file()), None)

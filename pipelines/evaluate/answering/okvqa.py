"""OK-VQA: measuring the vocabulary answerer by the official soft scores, from labels or pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.progress import track
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.vocabulary_model import VocabularyAnswerer
from graph_fusion.vocabulary_tensors import VocabularyInput
from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa
from pipelines.datasets.splits import in_part, part_named
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.worded_graphs import worded_graphs

BATCH = 64
REACHES = (5, 20)
"""Beside the best answer: whether one of so many is right."""
PHOTO_NAMES = ("COCO_train2014_{:012d}.jpg", "COCO_val2014_{:012d}.jpg", "{:012d}.jpg")


@dataclass(frozen=True, slots=True)
class Models:
    """Answerers of one vocabulary whose probabilities are averaged."""

    members: list[VocabularyAnswerer]
    encoder: TextEncoder

    @property
    def answers(self) -> Sequence[str]:
        return self.members[0].config.answers


@dataclass(frozen=True, slots=True)
class OKVQAEvaluator:
    """The mean soft score of the answers, those of several models averaged.

    control: the name of a control under which the models are evaluated.
    """

    control: str | None = None

    def dataset(self, source: Source) -> list[OpenQuestion]:
        """Read the questions of a part (the part held-out is also called validation), or all.

        With --images, only questions about photographs in that folder, with what the bundled
        detector sees; otherwise the listed detections are what is seen.

        Raises:
            SightGraphError: the file cannot be read, or no question is left.
            UnknownNameError: the file has no such part.
        """
        questions = read_okvqa(source.data)
        if source.split is not None:
            questions = in_part(questions, part_named(source.split))
        if source.images is not None:
            questions = seen_in(questions, source.images)
        if not questions:
            which = f"about a photograph in '{source.images}'" if source.images else "to ask"
            raise SightGraphError(f"'{source.data}' holds no question {which}.")
        return questions

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

    def __call__(self, system: Models, dataset: Sequence[OpenQuestion]) -> Report:
        graphs = worded_graphs(dataset, system.encoder)
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
            for one, row in zip(dataset, chances, strict=True)
        ]
        return Report("accuracy", figures(dataset, system.answers, chances), rows)


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
    files = (images / name.format(int(photo)) for name in PHOTO_NAMES)
    return next((file for file in files if file.is_file()), None)

"""OK-VQA: measuring the vocabulary answerer by the official soft scores, from labels or pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from rich.progress import track
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.vocabulary_model import VocabularyAnswerer
from graph_fusion.vocabulary_tensors import WordedGraph
from kg.errors import SightGraphError
from pipelines.datasets.okvqa import OpenQuestion, read_okvqa
from pipelines.generate.worded_graphs import worded_graphs

BATCH = 64
REACHES = (5, 20)
"""Beside the best answer: whether one of so many is right."""
PHOTO_NAMES = ("COCO_train2014_{:012d}.jpg", "COCO_val2014_{:012d}.jpg", "{:012d}.jpg")


def evaluate(
    file: Path,
    folders: Sequence[Path],
    part: str | None = None,
    images: Path | None = None,
    control: str | None = None,
) -> dict[str, float]:
    """Return the mean soft score of the answers, those of several models averaged.

    part: "validation" for the photographs that training sets aside; None for all of the file.
    images: a folder of photographs, to look at with the bundled detector; only questions about
        them are asked. Without it the listed detections are what is seen.
    control: the name of a control under which the models are asked.

    Raises:
        SightGraphError: the file or a model cannot be read, or no question is left.
        UnknownNameError: there is no such control.
    """
    questions = [one for one in read_okvqa(file) if part in (None, one.part)]
    if images is not None:
        questions = seen_in(questions, images)
    if not questions:
        raise SightGraphError(f"'{file}' holds no question of the part or photographs asked for.")
    encoder = TEXT_ENCODERS.make("minilm")
    graphs = worded_graphs(questions, encoder)
    models = [VocabularyAnswerer.load(folder, encoder, control) for folder in folders]
    answers = models[0].config.answers
    if any(model.config.answers != answers for model in models):
        raise SightGraphError("the models have different answers. Average those of one training.")
    torch.manual_seed(0)  # what controls draw
    chances = torch.stack([probabilities(model, graphs) for model in models]).mean(0)
    return figures(questions, answers, chances)


def probabilities(model: VocabularyAnswerer, graphs: Sequence[WordedGraph]) -> Tensor:
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
    most = max(REACHES)
    best = chances.topk(min(most, len(answers)), dim=1).indices.tolist()
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
    """Return what names the objects, surest first, and the scenes of a photograph."""
    from kg.knowledge.memory import Knowledge
    from pipelines.answering.vocabulary_answerer import LEAST_SCORE
    from pipelines.build.builder import kept
    from pipelines.detections import without_duplicates
    from pipelines.detectors import make_detector
    from pipelines.photo import Photo
    from pipelines.seeing.perception import Perception

    detector = make_detector("bundled")
    perception = Perception(Knowledge.bundled(), detector)

    def look(file: Path) -> tuple[str, ...]:
        photo = Photo.open(file)
        found = kept(without_duplicates(detector(photo)))
        seen = perception(photo, found)
        objects = [one.label for one in found if one.score >= LEAST_SCORE]
        return tuple(dict.fromkeys([*objects, *(scene.label for scene in seen.scenes)]))

    return look


def _photo_file(images: Path, photo: str) -> Path | None:
    files = (images / name.format(int(photo)) for name in PHOTO_NAMES)
    return next((file for file in files if file.is_file()), None)

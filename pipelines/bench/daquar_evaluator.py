"""How well a model answers DAQUAR's questions, for `sightgraph evaluate daquar`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph_fusion.fusion_model import FusionModel
from kg.errors import SightGraphError, unknown_name
from kg.files import bundled
from pipelines.bench.daquar import ABOUT, DAQUAR, RoomsKnown, RoomsPrepared
from pipelines.bench.daquar_model import RoomObjective
from pipelines.bench.evaluator import rows_of
from pipelines.bench.task import same_draws
from pipelines.bench.task_training import load_task
from pipelines.datasets.daquar import read_daquar
from pipelines.datasets.splits import Part
from pipelines.evaluate.protocol import Report, Source


def answers_of(network: FusionModel, prepared: RoomsPrepared) -> Iterator[frozenset[str]]:
    """Yield the model's answer to each test question, under the draws of `rows_of`."""
    objective = prepared.test_objective
    assert isinstance(objective, RoomObjective)
    for example in prepared.test:
        with same_draws(network):
            (answer,) = objective.answers(network, objective.collate([example]))
        yield answer


HELD_OUT = ("validation", "held-out")
"""Names of the part of the folder trained on that is measured; other photographs are a test."""


def _measured(model: Path, source: Source) -> tuple[Part | None, ...]:
    """Return which photographs are measured, as `DAQUAR` takes them.

    Raises:
        SightGraphError: the folder holds none of the part that --split names.
    """
    if source.split is None:
        return ("held-out", None)
    measured: Part | None = "held-out" if source.split in HELD_OUT else None
    parts = set(RoomsKnown.load(model / ABOUT).parts(read_daquar(source.data)).values())
    if measured not in parts:
        others = measured is not None
        holds = "other photographs than those" if others else "the photographs"
        right = "test" if others else HELD_OUT[0]
        raise SightGraphError(
            f"'{source.data}' holds {holds} that the model was trained on: it has no part "
            f"'{source.split}'. Give --split {right}, or another folder."
        )
    return (measured,)


@dataclass(frozen=True, slots=True)
class DAQUAREvaluator:
    """Accuracy and WUPS of answers about rooms, from pixels.

    wordnet: where WordNet is; without it there is no WUPS. control: as in `TaskEvaluator`.
    """

    wordnet: Path | None = None
    control: str | None = None

    def dataset(self, source: Source) -> Source:
        """Return the source: the questions about photographs that the model was not trained on.

        These are all questions about photographs that were not in the folder trained on, such as
        those of the official test, and about the held-out rooms of that folder.

        Raises:
            UnknownNameError: the part is one that the model was trained on, or unknown.
        """
        parts = [*HELD_OUT, "test"]
        if source.split is not None and source.split not in parts:
            raise unknown_name("part of DAQUAR", source.split, parts)
        return source

    def system(self, model: Path | None = None) -> Path:
        return model or bundled("models", "daquar")

    def __call__(self, model: Path, dataset: Source) -> Report:
        """Return the figures; a row holds one question, its answers, and whether they agree.

        "left out": number of the folder's questions about photographs that are not measured.

        Raises:
            SightGraphError: the folder holds another part than `split` says.
        """
        measured = _measured(model, dataset)
        task = DAQUAR(self.wordnet, measuring=True, measured=measured)
        network, prepared = load_task(task, dataset.data, model, self.control)
        assert isinstance(prepared, RoomsPrepared)
        assert isinstance(network, FusionModel)
        rows = [
            {
                "id": question.id,
                "image_id": question.photograph,
                "question": question.text,
                "expected": sorted(question.answers),
                "answer": sorted(answer),
                **row,
            }
            for question, answer, row in zip(
                prepared.test_questions,
                answers_of(network, prepared),
                rows_of(network, prepared),
                strict=True,
            )
        ]
        left_out = {"left out": float(prepared.left_out)}
        return Report(task.measures[0], {**prepared.test_figures(network), **left_out}, rows)

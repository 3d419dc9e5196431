"""The evaluation of a model that `sightgraph train TASK` wrote, for every task of the bench."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError, unknown_name
from kg.files import bundled
from pipelines.bench.daquar import DAQUAR, RoomsPrepared
from pipelines.bench.task import BenchTask, Prepared, load_task, measured
from pipelines.datasets.daquar import Daquar, read_daquar
from pipelines.evaluate.protocol import Report, Source


@dataclass(frozen=True, slots=True)
class TaskEvaluator:
    """Figures of a task's model on the task's test examples.

    control: ask under this control of the bench, whatever the model was trained under.
    """

    task: BenchTask
    control: str | None = None

    def dataset(self, source: Source) -> Path | None:
        return source.data

    def system(self, model: Path | None = None) -> Path:
        """Return the folder of the model.

        Raises:
            SightGraphError: none is given; no model of a task is bundled.
        """
        if model is None:
            raise SightGraphError(f"'{self.task.name}' needs --model, a folder that train wrote.")
        return model

    def __call__(self, model: Path, dataset: Path | None) -> Report:
        """Return the task's figures; a row holds those of one test example."""
        network, prepared = load_task(self.task, dataset, model, self.control)
        rows = list(rows_of(network, prepared))
        return Report(self.task.measures[0], prepared.test_figures(network), rows)


def rows_of(model: Any, prepared: Prepared) -> Iterator[dict[str, Any]]:
    """Yield the figures of each test example alone."""
    objective = prepared.test_objective or prepared.objective
    for number, example in enumerate(prepared.test):
        yield {"item": number, **measured(model, objective, [example], 1)}


@dataclass(frozen=True, slots=True)
class DAQUAREvaluator:
    """Accuracy and WUPS of answers about rooms, from pixels.

    wordnet: where WordNet is; without it there is no WUPS. control: as in `TaskEvaluator`.
    """

    wordnet: Path | None = None
    control: str | None = None

    def dataset(self, source: Source) -> Path:
        """Return the folder: the questions about photographs that the model was not trained on.

        These are all questions of the official test part, and the held-out part of the other.

        Raises:
            UnknownNameError: the part is one that the model was trained on, or unknown.
        """
        parts = ["validation", "held-out", "test"]
        if source.split is not None and source.split not in parts:
            raise unknown_name("part of DAQUAR", source.split, parts)
        return source.data

    def system(self, model: Path | None = None) -> Path:
        return model or bundled("models", "daquar")

    def __call__(self, model: Path, dataset: Path) -> Report:
        """Return the figures; a row holds one question, its answers, and whether it is right."""
        task = DAQUAR(wordnet=self.wordnet, measuring=True)
        network, prepared = load_task(task, dataset, model, self.control)
        assert isinstance(prepared, RoomsPrepared)
        rows = [
            about | figures
            for about, figures in zip(
                _asked(read_daquar(dataset), prepared), rows_of(network, prepared), strict=True
            )
        ]
        return Report(task.measures[0], prepared.test_figures(network), rows)


def _asked(data: Daquar, prepared: RoomsPrepared) -> Iterator[dict[str, Any]]:
    """Yield what is asked, in the order of the test examples."""
    trained = set(prepared.known.photographs if prepared.known else ())
    for one in data.questions:
        if one.photograph not in trained:
            yield {
                "id": one.id,
                "image_id": one.photograph,
                "question": one.text,
                "expected": sorted(one.answers),
            }

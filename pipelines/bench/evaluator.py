"""Evaluation of a trained model of a task, as a whole and without one modality or another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from graph_fusion.fusion_model import FusionModel
from kg.errors import SightGraphError
from pipelines.bench.task import MEASURE_BATCH, BenchTask, Prepared, measured
from pipelines.bench.task_training import load_task
from pipelines.evaluate.protocol import Report, Source

EACH = "each"
"""In place of the name of a modality: each one missing, and each one alone."""


@dataclass(frozen=True, slots=True)
class TaskEvaluator:
    """Figures of a task's model on the task's test examples.

    control: ask under this control of the bench, whatever the model was trained under.
    without_modality: mask out these modalities, by name with commas between; `each` measures each
        one missing and each one alone, too.
    plot_attention: a PNG of the attention in the test example number `item`, counted from 0.
    """

    task: BenchTask
    control: str | None = None
    without_modality: str | None = None
    plot_attention: Path | None = None
    item: int = 0

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
        """Return the task's figures; a row holds those of one test example.

        A head of two towers chooses among the examples of a batch, so that one alone has no figure:
        there are no rows.

        Raises:
            SightGraphError: there is no such model, or no test example `item`.
        """
        network, prepared = load_task(self.task, dataset, model, self.control)
        if self.plot_attention is not None:
            if self.item >= len(prepared.test):
                raise SightGraphError(
                    f"there is no test example {self.item}: the last is {len(prepared.test) - 1}."
                )
            self.task.plot_attention(network, prepared, self.plot_attention, self.item)
        if self.without_modality not in (None, EACH):
            _fusion_model(network).without = tuple(str(self.without_modality).split(","))
        two_towers = getattr(getattr(network, "head", None), "two_towers", False)
        rows = [] if two_towers else list(rows_of(network, prepared))
        figures = prepared.test_figures(network)
        if self.without_modality == EACH:
            figures |= figures_without_each(network, prepared, self.task.measures[0])
        return Report(self.task.measures[0], figures, rows)


def figures_without_each(network: nn.Module, prepared: Prepared, measure: str) -> dict[str, float]:
    """Return the main figure with each modality that is there missing, and with each one alone.

    Raises:
        SightGraphError: the task's model fuses no modalities.
    """
    model = _fusion_model(network)
    with torch.no_grad():
        batch = prepared.objective.collate(list(prepared.test[:MEASURE_BATCH]))
        masks = model.front(batch).masks
    has = masks.there().any(0).tolist()
    names = [name for name, one in zip(masks.modalities, has, strict=True) if one]
    found = {}
    for name in names:
        model.without = (name,)
        found[f"{measure} without {name}"] = prepared.test_figures(network)[measure]
    for name in names:
        model.without = tuple(one for one in names if one != name)
        found[f"{measure} with {name} alone"] = prepared.test_figures(network)[measure]
    model.without = ()
    return found


def _fusion_model(network: nn.Module) -> FusionModel:
    if not isinstance(network, FusionModel):
        raise SightGraphError("this task's model fuses no modalities that could be left out.")
    return network


def rows_of(model: Any, prepared: Prepared) -> Iterator[dict[str, Any]]:
    """Yield the figures of each test example alone."""
    objective = prepared.test_objective or prepared.objective
    for number, example in enumerate(prepared.test):
        yield {"item": number, **measured(model, objective, [example], 1)}

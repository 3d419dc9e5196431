"""All measurements of what is seen, in one report; each is an evaluation of its own.

A row holds a figure with its command, the figure before these models, and the goal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError
from pipelines.evaluate import EVALUATORS
from pipelines.evaluate.protocol import Report, Source


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of an evaluation, by its name there.

    before: its value with the models that the project shipped until November 2026; None where
        it was not measured. goal: what was aimed at; None where there was no goal.
    """

    name: str
    before: float | None = None
    goal: float | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """An evaluation with its data: `data` and `images` are relative to the folder of data sets.

    split: the value of --split. measured_on: the photographs, in words, for the report.
    """

    evaluation: str
    data: str
    measured_on: str
    figures: tuple[Figure, ...]
    split: str | None = None

    @property
    def command(self) -> str:
        split = f" --split {self.split}" if self.split else ""
        return f"sightgraph evaluate {self.evaluation} --data DATASETS/{self.data}{split}"


MEASUREMENTS = (
    Measurement(
        "detection",
        "coco_mini",
        "177 photographs of COCO val2017",
        (
            Figure("AP", 0.1872, 0.35),
            Figure("AP50", 0.3230, 0.52),
            Figure("grey AP50"),
            Figure("doubled share", None, 0.02),
            Figure("calibration error"),
        ),
        "val2017",
    ),
    Measurement(
        "naming",
        "caltech101",
        "1,500 photographs of Caltech-101",
        (
            Figure("right", None, 0.65),
            Figure("wrong and sure", None, 0.08),
            Figure("none"),
        ),
    ),
    Measurement(
        "photo-text",
        "coco_mini",
        "words drawn on held-out photographs",
        (Figure("word accuracy"),),
    ),
    Measurement(
        "scenes",
        "",
        "held-out photographs with weak labels",
        (Figure("top-1", 0.608, 0.75),),
    ),
    Measurement(
        "scenes",
        "scenes15",
        "held-out photographs of scenes15",
        (Figure("top-1", None, 0.88),),
    ),
    Measurement(
        "colours",
        "",
        "150 objects of val2017, labelled by hand",
        (Figure("top-1", 0.613, 0.75),),
    ),
)
"""Measured in this order."""
STOPPED = "it was stopped by Ctrl-C before this was measured. Its command measures it alone."


@dataclass(frozen=True, slots=True)
class SightEvaluator:
    """Runs all `MEASUREMENTS`; one whose data is missing is reported with the reason.

    Ctrl-C ends it with a report of what was measured by then.
    """

    measurements: tuple[Measurement, ...] = MEASUREMENTS

    def dataset(self, source: Source) -> Path:
        return source.data

    def system(self, model: Path | None = None) -> None:
        """Return nothing: each evaluation opens the bundled model that it measures."""

    def __call__(self, system: None, dataset: Path) -> Report:
        """Return the figures as "EVALUATION: FIGURE"; of a second data set, with its name too.

        Raises:
            SightGraphError: the data of every measurement is missing.
        """
        rows: list[dict[str, Any]] = []
        for number, one in enumerate(self.measurements):
            try:
                rows += _measured(one, dataset)
            except KeyboardInterrupt:
                if not rows:
                    raise
                left = self.measurements[number:]
                rows += [row for other in left for row in _rows(other, {}, STOPPED)]
                break
        figures: dict[str, float] = {}
        for row in rows:
            if row["value"] is not None:
                name = f"{row['evaluation']}: {row['figure']}"
                figures[f"{name} ({row['measured on']})" if name in figures else name] = row[
                    "value"
                ]
        if not figures:
            raise SightGraphError(
                f"nothing could be measured in '{dataset}': {rows[0]['not measured']} Set --data "
                "to the folder that holds coco_mini, caltech101 and the other data sets."
            )
        return Report(next(iter(figures)), figures, rows)


def _measured(one: Measurement, folder: Path) -> list[dict[str, Any]]:
    """Return a row for each figure of one measurement."""
    evaluator = EVALUATORS.make(one.evaluation)
    values, reason = {}, ""
    try:
        dataset = evaluator.dataset(Source(folder / one.data, one.split))
        values = dict(evaluator(evaluator.system(), dataset).figures)
    except SightGraphError as error:
        reason = str(error)
    return list(_rows(one, values, reason))


def _rows(
    one: Measurement, values: Mapping[str, float], reason: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield a row for each figure; reason: why there are no values."""
    for figure in one.figures:
        yield {
            "evaluation": one.evaluation,
            "figure": figure.name,
            "value": values[figure.name] if values else None,
            "before": figure.before,
            "goal": figure.goal,
            "measured on": one.measured_on,
            "command": one.command,
            **({"not measured": reason} if reason else {}),
        }

"""sightgraph evaluate: the figures of the models on a named split."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kg.files import check_writable, write_text
from pipelines.cli.options import FILE
from pipelines.cli.train import given, print_figures

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def evaluate() -> None:
    """Measure one of the models on data that it was not trained on."""


def evaluation_options(split: str | None = None) -> Callable[[Command], Command]:
    """Add --data and --json, and --split where there is more than one part to measure."""

    def add(command: Command) -> Command:
        for option in (
            click.option(
                "--json", "report", type=FILE, metavar="FILE", help="Write the figures there too."
            ),
            click.option(
                "--data", type=FILE, required=True, metavar="DIR", help="The folder of the data."
            ),
        ):
            command = option(command)
        if split is None:
            return command
        part = click.option(
            "--split", default=split, show_default=True, help="The part to measure."
        )
        return part(command)

    return add


@evaluate.command()
@evaluation_options(split="val2017")
@click.option("--weights", type=FILE, metavar="FILE", help="Instead of the bundled weights.")
def detection(data: Path, split: str, report: Path | None, weights: Path | None) -> None:
    """Measure the detector: AP and AP50 by the official COCO scorer.

    \b
    sightgraph evaluate detection --data DATASETS/coco_mini --split val2017
    """
    from pipelines.detectors.bundled import BundledDetector
    from pipelines.tasks.detection import LEAST_SCORE
    from pipelines.tasks.detection import evaluate as measure

    _measure(report, lambda: measure(data, BundledDetector(weights, LEAST_SCORE), split))


@evaluate.command()
@evaluation_options()
@click.option("--model", type=FILE, metavar="DIR", help="Instead of the bundled parser.")
def parser(data: Path, report: Path | None, model: Path | None) -> None:
    """Measure tags, lemmas and dependencies on the dev file.

    \b
    sightgraph evaluate parser --data DATASETS/ud_english_ewt
    """
    from pipelines.tasks.parsing import evaluate as measure

    _measure(report, lambda: measure(data, model))


@evaluate.command()
@evaluation_options()
@click.option("--model", type=FILE, metavar="DIR", help="Instead of the bundled answerer.")
@click.option("--detector", metavar="NAME", help="Finds the objects, instead of the teacher.")
@click.option("--questions", type=click.IntRange(min=1), help="Questions on each photograph.")
@click.option("--seed", type=int, help="Same seed, same questions.")
def questions(
    data: Path,
    report: Path | None,
    model: Path | None,
    detector: str | None,
    questions: int | None,
    seed: int | None,
) -> None:
    """Measure the answerer on photographs, concepts and wordings that training held out.

    \b
    sightgraph evaluate questions --data DATASETS --detector bundled
    """
    from pipelines.detectors import DETECTORS
    from pipelines.tasks.answerer import evaluate as measure
    from pipelines.tasks.answerer_training import AnswererTraining

    options = AnswererTraining(**given(questions=questions, seed=seed))
    finder = DETECTORS.make(detector) if detector else None
    _measure(report, lambda: measure(data, model, finder, options))


def _measure(report: Path | None, measure: Callable[[], dict[str, Any]]) -> None:
    """Print the figures and write them to `report`, which is checked before the long work."""
    if report is not None:
        check_writable(report)
    figures = measure()
    print_figures(figures)
    if report is not None:
        write_text(report, json.dumps(figures, indent=2, allow_nan=False) + "\n")

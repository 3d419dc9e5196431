"""sightgraph evaluate questions, edits and deletion: whole answers to questions in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from kg.files import check_writable
from pipelines.cli.options import FILE, check_targets, load_reader, reader_option
from pipelines.cli.train import print_figures

Command = TypeVar("Command", bound=Callable[..., Any])


def asked_options(command: Command) -> Command:
    """Add --data, --images, --checkpoint and --json."""
    for option in (
        click.option(
            "--json",
            "report",
            type=FILE,
            metavar="FILE",
            help="Write figures and every answer there.",
        ),
        click.option(
            "--checkpoint", type=FILE, metavar="DIR", help="Instead of the bundled answerer."
        ),
        click.option(
            "--images", type=FILE, required=True, metavar="DIR", help="Where the photographs are."
        ),
        click.option(
            "--data", type=FILE, required=True, metavar="FILE", help="A file as in data/questions."
        ),
    ):
        command = option(command)
    return command


@click.command()
@asked_options
@click.option("--part", metavar="NAME", help="Only the questions of this part.")
@reader_option
@click.option(
    "--without",
    type=click.Choice(["photograph", "facts", "vocabulary"]),
    help="Take away one source of the answers, to see what it gives.",
)
@click.option("--plot", type=FILE, metavar="FILE.png", help="Draw the risk-coverage curve there.")
def questions(
    data: Path,
    images: Path,
    checkpoint: Path | None,
    part: str | None,
    reader_model: str | None,
    report: Path | None,
    without: str | None,
    plot: Path | None,
) -> None:
    """Ask the questions of a file about their photographs; right is what the file accepts.

    \b
    sightgraph evaluate questions --data data/questions/knowledge.json --images DATASETS/coco_mini
    """
    from pipelines.datasets.questions import check_photographs, read_questions

    if report is not None:
        check_writable(report)
    if plot is not None:
        check_targets([plot], [".png"])
    asked = read_questions(data, part)
    check_photographs(asked, images)
    from pipelines.evaluate import calibration as confidence
    from pipelines.evaluate.questions import ask_all, figures, save
    from pipelines.sightgraph import SightGraph

    reader = load_reader(reader_model)
    sightgraph = SightGraph.from_pretrained(answerer=checkpoint)
    if without is not None:
        from pipelines.evaluate.questions import ABLATIONS

        sightgraph = ABLATIONS.resolve(without)(sightgraph)
    outcomes = list(ask_all(sightgraph, asked, images, reader))
    if report is not None:
        save(outcomes, report)
    if plot is not None:
        confidence.plot([one.judged for one in outcomes], plot)
    print_figures(figures(outcomes))


@click.command()
@asked_options
def edits(data: Path, images: Path, checkpoint: Path | None, report: Path | None) -> None:
    """Measure whether answers follow edits of the knowledge, and unrelated answers stay.

    \b
    sightgraph evaluate edits --data data/questions/edits.json --images DATASETS/coco_mini
    """
    if report is not None:
        check_writable(report)
    from pipelines.evaluate import edits as task
    from pipelines.sightgraph import SightGraph

    cases, unrelated = task.read_edits(data)
    task.check(cases, unrelated, images)
    sightgraph = SightGraph.from_pretrained(answerer=checkpoint)
    asked = list(task.ask_edits(sightgraph, cases, images))
    stayed = list(task.ask_unrelated(sightgraph, cases, unrelated, images))
    if report is not None:
        task.save(asked, stayed, report)
    print_figures(task.figures(asked, stayed))


@click.command()
@asked_options
@click.option("--part", metavar="NAME", help="Only the questions of this part.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same controls.")
def deletion(
    data: Path,
    images: Path,
    checkpoint: Path | None,
    part: str | None,
    seed: int,
    report: Path | None,
) -> None:
    """Measure whether answers rest on the facts that they cite: without them, and without others.

    \b
    sightgraph evaluate deletion --data data/questions/knowledge.json --images DATASETS/coco_mini
    """
    if report is not None:
        check_writable(report)
    from pipelines.datasets.questions import check_photographs, read_questions

    asked = read_questions(data, part)
    check_photographs(asked, images)
    from pipelines.evaluate import deletion as task
    from pipelines.sightgraph import SightGraph

    sightgraph = SightGraph.from_pretrained(answerer=checkpoint)
    tested = list(task.delete_cited(sightgraph, asked, images, seed=seed))
    if report is not None:
        task.save(tested, report)
    print_figures(task.figures(tested))

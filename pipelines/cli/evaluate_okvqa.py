"""sightgraph evaluate okvqa: the soft score of the vocabulary's answers."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.evaluate import measure_and_report
from pipelines.cli.options import FILE


@click.command()
@click.option(
    "--data", type=FILE, required=True, metavar="FILE", help="In the format of okvqa/train.json."
)
@click.option(
    "--checkpoint",
    "checkpoints",
    type=FILE,
    multiple=True,
    metavar="DIR",
    help="What train wrote, instead of the bundled answerer; several are averaged.",
)
@click.option(
    "--part",
    type=click.Choice(["train", "validation"]),
    help="Of train.json: 'validation' is what training sets aside. All by default.",
)
@click.option(
    "--images", type=FILE, metavar="DIR", help="Look at these photographs, instead of the labels."
)
@click.option("--control", metavar="NAME", help="Take away what this control of the bench does.")
@click.option("--json", "report", type=FILE, metavar="FILE", help="Write the figures there too.")
def okvqa(
    data: Path,
    checkpoints: tuple[Path, ...],
    part: str | None,
    images: Path | None,
    control: str | None,
    report: Path | None,
) -> None:
    """Measure answers to OK-VQA's questions by the official soft scores.

    \b
    sightgraph evaluate okvqa --data DATASETS/okvqa/train.json --part validation
    """
    from kg.files import bundled
    from pipelines.evaluate.okvqa import evaluate as measure

    folders = checkpoints or (bundled("models", "answerer"),)
    measure_and_report(report, lambda: measure(data, folders, part, images, control))

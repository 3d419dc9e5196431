"""sightgraph evaluate daquar."""

from __future__ import annotations

from pathlib import Path

import click

from kg.files import bundled
from pipelines.cli.evaluate import evaluation_options, measure_and_report
from pipelines.cli.options import FILE


@click.command()
@evaluation_options()
@click.option("--checkpoint", type=FILE, metavar="DIR", help="Instead of the bundled model.")
@click.option("--wordnet", type=FILE, metavar="PATH", help="WordNet, for WUPS: a folder or tar.")
@click.option("--control", metavar="NAME", help="What is taken away, to see if it matters.")
def daquar(
    data: Path,
    report: Path | None,
    checkpoint: Path | None,
    wordnet: Path | None,
    control: str | None,
) -> None:
    """Measure answers about rooms from pixels, on photographs that were not trained on.

    Accuracy counts whole answers; WUPS is the official one, at 0.9 and 0.0.

    \b
    sightgraph evaluate daquar --data DATASETS/daquar --wordnet DATASETS/oewn/yaml.tar.gz
    """
    from pipelines.bench import BENCH_TASKS
    from pipelines.bench.task import evaluate_task

    folder = bundled("models", "daquar") if checkpoint is None else checkpoint
    task = BENCH_TASKS.make("daquar", wordnet=wordnet, measuring=True)
    measure_and_report(report, lambda: evaluate_task(task, data, folder, control))
    if wordnet is None:
        click.echo("sightgraph: without --wordnet there is no WUPS, only accuracy", err=True)

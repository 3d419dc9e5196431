"""sightgraph train TASK and evaluate TASK, for the tasks of the bench."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pipelines.cli.evaluate import evaluate, measure_and_report
from pipelines.cli.evaluate_daquar import daquar
from pipelines.cli.options import FILE
from pipelines.cli.output import print_line
from pipelines.cli.train import LOGS, make_run_folder, print_figures, train

TASKS = {
    "sort-of-clevr": "Questions about generated pictures of six shapes.",
    "knowledge-scenes": "Questions over one to three relations; DIR is a folder like coco_mini.",
    "okvqa": "OK-VQA and what is trained before it; DIR is the folder of data sets.",
    "daquar": "Questions about rooms, from pixels; DIR holds images.json and questions.json.",
    "cora": "The topics of Cora's papers; DIR is Planetoid's folder.",
    "citeseer": "The topics of Citeseer's papers; DIR is Planetoid's folder.",
}
"""As `pipelines.bench.BENCH_TASKS`, whose import would cost every command a second."""
GENERATED = ("sort-of-clevr",)
"""Tasks that need no data."""
MEASURED_OTHERWISE = ("okvqa", "daquar")
"""Tasks whose `evaluate` is a command of its own."""


def add_training(name: str, help_: str) -> None:
    """Add `sightgraph train NAME`."""

    @train.command(name, help=f"{help_}\n\n\b\nsightgraph train {name} --out runs/{name}")
    @click.option("--data", type=FILE, required=name not in GENERATED, metavar="DIR")
    @click.option("--out", type=FILE, default=Path("runs") / name, show_default=True, metavar="DIR")
    @click.option("--config", type=FILE, metavar="FILE", help="YAML: see docs/fusion.md.")
    @click.option("--fusion", metavar="NAME", help="How image and text are fused.")
    @click.option("--control", metavar="NAME", help="What is taken away, to see if it matters.")
    @click.option("--epochs", type=click.IntRange(min=1), help="Passes over the data.")
    @click.option("--seed", type=int, help="Same seed, same weights.")
    @click.option("--devices", type=click.IntRange(min=1), help="Processes, or GPUs.")
    @click.option("--log", type=click.Choice(LOGS), help="Where figures go; csv by default.")
    @click.option("--restart", is_flag=True, help="Forget the earlier run in the folder.")
    def command(
        data: Path | None,
        out: Path,
        config: Path | None,
        fusion: str | None,
        control: str | None,
        restart: bool,
        **options: Any,
    ) -> None:
        from pipelines.bench import BENCH_TASKS
        from pipelines.bench.task import read_training, train_task

        task = BENCH_TASKS.make(name)
        given = {key: value for key, value in options.items() if value is not None}
        chosen = read_training(task, config, fusion=fusion, control=control, training=given)
        make_run_folder(out, restart)
        print_figures(train_task(task, data, chosen, out, print_line))


def add_evaluation(name: str, help_: str) -> None:
    """Add `sightgraph evaluate NAME`."""

    @evaluate.command(
        name, help=f"{help_}\n\n\b\nsightgraph evaluate {name} --checkpoint runs/{name}"
    )
    @click.option("--data", type=FILE, required=name not in GENERATED, metavar="DIR")
    @click.option("--checkpoint", type=FILE, required=True, metavar="DIR", help="What train wrote.")
    @click.option(
        "--json", "report", type=FILE, metavar="FILE", help="Write the figures there too."
    )
    def command(data: Path | None, checkpoint: Path, report: Path | None) -> None:
        from pipelines.bench import BENCH_TASKS
        from pipelines.bench.task import evaluate_task

        task = BENCH_TASKS.make(name)
        measure_and_report(report, lambda: evaluate_task(task, data, checkpoint))


def add_tasks() -> None:
    """Add all of both."""
    for name, help_ in TASKS.items():
        add_training(name, help_)
        if name not in MEASURED_OTHERWISE:
            add_evaluation(name, help_)
    evaluate.add_command(daquar)

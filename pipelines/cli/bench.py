"""sightgraph bench: every fusion under one budget."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.bench import BENCH_TASKS
from pipelines.cli.options import FILE, Group, find_own_modules
from pipelines.cli.output import print_columns, print_line


@click.group(cls=Group)
def bench() -> None:
    """Compare ways to fuse, with the controls that show what they use."""


@bench.command()
@click.option(
    "--task",
    "name",
    required=True,
    metavar="TASK",
    help=f"{', '.join(BENCH_TASKS)}, or MODULE:CLASS of your own.",
)
@click.option("--data", type=FILE, metavar="DIR", help="The folder of the task's data.")
@click.option("--fusions", default="all", show_default=True, help="Names with commas, or all.")
@click.option("--seeds", type=click.IntRange(min=1), help="Trainings of each.  [default: 5]")
@click.option("--control-seeds", type=click.IntRange(min=0), help="Trainings of each control.")
@click.option("--no-controls", is_flag=True, help="Leave the controls out.")
@click.option("--config", type=FILE, metavar="FILE", help="A YAML file: see docs/fusion.md.")
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the data.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--out", type=FILE, metavar="DIR", help="[default: runs/bench/TASK]")
def fusion(
    name: str,
    data: Path | None,
    fusions: str,
    seeds: int | None,
    control_seeds: int | None,
    no_controls: bool,
    config: Path | None,
    epochs: int | None,
    jobs: int,
    out: Path | None,
) -> None:
    """Train every fusion on a task, and print a table of them.

    A stopped bench goes on where it was. A fusion that a control matches is marked: it does
    not use what the control takes away.

    \b
    sightgraph bench fusion --task knowledge-scenes --data DATASETS/coco_mini
    sightgraph bench fusion --task sort-of-clevr --fusions transformer,graph_attention --seeds 3
    """
    from graph_fusion.training import read_config
    from pipelines.bench.run import BenchConfig
    from pipelines.bench.run import bench as run
    from pipelines.bench.table import cells, headings, rows, save

    if ":" in name:
        find_own_modules()
    task = BENCH_TASKS.make(name)
    chosen = None if fusions == "all" else tuple(one.strip() for one in fusions.split(","))
    options = read_config(
        BenchConfig,
        config,
        BenchConfig(sizes=task.sizes, training=task.training),
        fusions=chosen,
        seeds=seeds,
        control_seeds=control_seeds,
        controls=False if no_controls else None,
        training={"epochs": epochs} if epochs else None,
    )
    folder = out or Path("runs") / "bench" / task.name
    results = run(task, data, options, folder, jobs, print_line)
    table = rows(results, task.measures)
    print_columns([headings(task.measures), *(cells(row) for row in table)])
    if task.published:
        print_line(f"published: {task.published}")
    for file in save(task, results, table, folder):
        print_line(f"written: {file}")

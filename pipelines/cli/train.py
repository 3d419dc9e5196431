"""sightgraph train: one command for each model that is bundled, and for each task of the bench."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from pipelines.bench import BENCH_TASKS
from pipelines.cli.options import FILE, Command, TaskGroup, make_folder
from pipelines.cli.output import print_figures, print_line
from pipelines.training import TRAININGS, Training

LOGS = ("csv", "tensorboard", "none")
"""As `graph_fusion.training.config.Log`, whose import would cost every command a second."""


@click.group(cls=TaskGroup)
def train() -> None:
    """Train one of the models; data is never downloaded."""


OPTIONS: dict[str, tuple[click.Option, ...]] = {
    "answerer": (
        click.Option(
            ["--base"], type=FILE, metavar="DIR", help="The folder of a model to start from."
        ),
        click.Option(
            ["--detector"], metavar="NAME", help="Finds the objects, instead of the teacher."
        ),
        click.Option(
            ["--questions-per-photo", "questions"],
            type=click.IntRange(min=1),
            help="Questions on each photograph.",
        ),
    ),
    "mixing": (
        click.Option(
            ["--questions"],
            type=FILE,
            required=True,
            metavar="FILE",
            help="A file as in data/questions.",
        ),
        click.Option(
            ["--images"], type=FILE, required=True, metavar="DIR", help="Their photographs."
        ),
        click.Option(
            ["--split", "part"], metavar="NAME", help="Their part; development by default."
        ),
        click.Option(
            ["--vocabulary"],
            type=FILE,
            multiple=True,
            metavar="DIR",
            help="From train okvqa: their average replaces the vocabulary network; repeatable.",
        ),
    ),
    "relations": (
        click.Option(
            ["--aside", "held_out"],
            type=FILE,
            metavar="FILE",
            help="Write the held-out part there, for evaluate relations.",
        ),
    ),
    "retrieval": (
        click.Option(
            ["--kg"], type=FILE, required=True, metavar="STORE", help="A store with ConceptNet."
        ),
    ),
}
"""Options of single trainings, named as the fields of their dataclass of options."""


def common(
    name: str, data: str, *, epochs: bool = True, resumes: bool = True
) -> list[click.Option]:
    """Return the options that trainings share, those for files first."""
    count = click.IntRange(min=1)
    found = [
        click.Option(["--data"], type=FILE, metavar="DIR", help=data),
        click.Option(
            ["--out"],
            type=FILE,
            default=Path("runs") / name,
            show_default=True,
            metavar="DIR",
            help="Where the model is written.",
        ),
        click.Option(
            ["--config"], type=FILE, metavar="FILE", help="YAML of options: see docs/fusion.md."
        ),
    ]
    if epochs:
        found += [
            click.Option(["--epochs"], type=count, help="Passes over the data."),
            click.Option(["--seed"], type=int, help="Same seed, same weights."),
        ]
    if resumes:
        found += [
            click.Option(["--devices"], type=count, help="Processes, or GPUs."),
            click.Option(
                ["--log"], type=click.Choice(LOGS), help="Where figures go; csv by default."
            ),
            click.Option(["--restart"], is_flag=True, help="Forget the earlier run in the folder."),
        ]
    return found


def command_of_model(name: str, training: Training) -> click.Command:
    """Return the command that trains one of the bundled models."""
    fitted = name == "mixing"
    params = common(name, training.data, epochs=not fitted, resumes=training.resumes)
    params[0].required = True
    example = f"sightgraph train {name} --data DATASETS --out runs/{name}"
    return Command(
        name,
        callback=partial(train_model, training),
        params=[*params, *OPTIONS.get(name, ())],
        help=f"{training.about}\n\n\b\n{example}",
        short_help=training.about,
    )


def train_model(
    training: Training,
    data: Path,
    out: Path,
    config: Path | None,
    restart: bool = False,
    **given: Any,
) -> None:
    """Train one of the bundled models, and print the figures that its training returns."""
    from graph_fusion.training import read_config

    make_run_folder(out, restart)
    given = {name: value for name, value in given.items() if value not in (None, ())}
    options = read_config(training.options(), config, **given)
    print_figures(training.function()(data, out, options, print_line))


def command_of_task(name: str, about: str) -> click.Command:
    """Return the command that trains a task of the bench, by its name or "module:Class"."""
    params = [
        *common(name.rpartition(":")[2], "The folder of the task's data, if it needs any."),
        click.Option(["--fusion"], metavar="NAME", help="How image and text are fused."),
        click.Option(
            ["--control"], metavar="NAME", help="What is taken away, to see if it matters."
        ),
    ]
    return Command(
        name,
        callback=partial(train_task, name),
        params=list(params),
        help=f"{about}\n\n\b\nsightgraph train {name} --out runs/{name}",
        short_help=about,
    )


def train_task(
    name: str,
    data: Path | None,
    out: Path,
    config: Path | None,
    fusion: str | None,
    control: str | None,
    restart: bool,
    **training: Any,
) -> None:
    """Train a task of the bench, and print the figures of its test."""
    from pipelines.bench.task import read_training
    from pipelines.bench.task import train_task as run

    task = BENCH_TASKS.make(name)
    given = {key: value for key, value in training.items() if value is not None}
    chosen = read_training(task, config, fusion=fusion, control=control, training=given)
    make_run_folder(out, restart)
    print_figures(run(task, data, chosen, out, print_line))


@train.command()
@click.option(
    "--out",
    type=FILE,
    default=Path("runs/names"),
    show_default=True,
    metavar="DIR",
    help="Where the vectors are written.",
)
def names(out: Path) -> None:
    """Encode the names and glosses of the bundled knowledge, by which meanings are compared.

    \b
    sightgraph train names --out data/models/names
    """
    from graph_fusion.meaning import NameMeanings
    from kg.knowledge.memory import Knowledge

    make_folder(out)
    target = out / "model.safetensors"
    print_line(f"{NameMeanings(Knowledge.bundled(), file=target).save(target):,} texts: {target}")


def make_run_folder(out: Path, restart: bool) -> None:
    """Make `out`; with `restart`, forget what a stopped training left in it."""
    make_folder(out)
    if restart:
        from graph_fusion.training.record import RunFolder

        RunFolder(out / "training").forget()


train.own = partial(command_of_task, about="Train a task of your own.")
for _name, _training in TRAININGS.items():
    train.add_command(command_of_model(_name, _training))
for _name in BENCH_TASKS:
    train.add_command(command_of_task(_name, BENCH_TASKS.about(_name)))

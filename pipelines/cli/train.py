"""sightgraph train and bench: a command for each bundled model and each task of the bench."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from pipelines.bench import BENCH_TASKS
from pipelines.cli.options import FILE, Command, Group, TaskGroup, find_own_modules, make_folder
from pipelines.cli.output import print_columns, print_figures, print_line
from pipelines.training import TRAININGS, Training

LOGS = ("csv", "tensorboard", "none")
"""As `graph_fusion.training.config.Log`, whose import would cost every command a second."""


@click.group(cls=TaskGroup)
def train() -> None:
    """Train one of the models; data is never downloaded."""


SEEN = click.Option(
    ["--seen"],
    type=FILE,
    metavar="DIR",
    help="Keep what is seen in the photographs there, for other trainings, too.",
)
OPTIONS: dict[str, tuple[click.Option, ...]] = {
    "captions": (SEEN,),
    "search": (
        SEEN,
        click.Option(
            ["--towers"],
            type=FILE,
            metavar="DIR",
            help="Keep the towers of this folder, and learn only what the graphs are worth.",
        ),
    ),
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
            multiple=True,
            metavar="FILE",
            help="A file as in data/questions; repeatable.",
        ),
        click.Option(
            ["--images"],
            type=FILE,
            required=True,
            multiple=True,
            metavar="DIR",
            help="The photographs of each file, in the same order.",
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
    "tags": (
        click.Option(
            ["--of"],
            type=click.Choice(("things", "activities")),
            help="What it learns to see; things by default.",
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
            click.Option(
                ["--restart"],
                is_flag=True,
                default=None,
                help="Forget the earlier run in the folder.",
            ),
        ]
    return found


def command_of_model(name: str, training: Training) -> click.Command:
    """Return the command that trains one of the bundled models."""
    params = common(name, training.data, epochs=not training.fitted, resumes=training.resumes)
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
    **given: Any,
) -> None:
    """Train one of the bundled models, and print the figures that its training returns."""
    from graph_fusion.training import read_config

    given = {name: value for name, value in given.items() if value not in (None, ())}
    options = read_config(training.options(), config, **given)
    make_folder(out)
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
    **training: Any,
) -> None:
    """Train a task of the bench, and print the figures of its test."""
    from pipelines.bench.task_training import read_training
    from pipelines.bench.task_training import train_task as run

    task = BENCH_TASKS.make(name)
    given = {key: value for key, value in training.items() if value is not None}
    chosen = read_training(task, config, fusion=fusion, control=control, training=given)
    make_folder(out)
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


@train.command()
@click.option(
    "--data",
    type=FILE,
    required=True,
    metavar="DIR",
    help="The folder of all data sets, with Open English WordNet in oewn/yaml.tar.gz.",
)
@click.option(
    "--out",
    type=FILE,
    default=Path("runs/words"),
    show_default=True,
    metavar="DIR",
    help="Where the words are written.",
)
def words(data: Path, out: Path) -> None:
    """Derive from WordNet what words denote that no concept of the knowledge has as a name.

    \b
    sightgraph train words --data DATASETS --out data/names
    """
    from kg.knowledge.memory import Knowledge
    from kg.word_senses import FILE as NAME
    from kg.word_senses import write_senses
    from pipelines.training.reading.words import WordNet, word_senses

    make_folder(out)
    wordnet = WordNet.read(data / "oewn" / "yaml.tar.gz")
    found = word_senses(wordnet, Knowledge.bundled())
    write_senses(found, out / NAME)
    denoting = sum(bool(one) for one in found.values())
    print_line(f"{len(found):,} words, {denoting:,} of which denote a concept: {out / NAME}")


train.own = partial(command_of_task, about="Train a task of your own.")
for _name, _training in TRAININGS.items():
    train.add_command(command_of_model(_name, _training))
for _name in BENCH_TASKS:
    train.add_command(command_of_task(_name, BENCH_TASKS.about(_name)))


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

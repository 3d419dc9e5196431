"""sightgraph train: the bundled models, made again from data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pipelines.cli.options import FILE, make_folder
from pipelines.cli.output import print_columns, print_line

Command = TypeVar("Command", bound=Callable[..., Any])

LOGS = ("csv", "tensorboard", "none")
"""As `graph_fusion.training.config.Log`, whose import would cost every command a second."""


@click.group()
def train() -> None:
    """Train one of the models; data is never downloaded."""


def training_options(model: str, *, on_lightning: bool = True) -> Callable[[Command], Command]:
    """Add --data, --out, --config, --epochs and --seed; for `graph_fusion.training` its own, too.

    The command gets data, out, config and restart; all others it hands on to `read_config`.
    """
    options = [
        click.option(
            "--data", type=FILE, required=True, metavar="DIR", help="The folder of the data."
        ),
        click.option(
            "--out",
            type=FILE,
            default=Path("runs") / model,
            show_default=True,
            metavar="DIR",
            help="Where the weights go.",
        ),
        click.option("--config", type=FILE, metavar="FILE", help="YAML of 'option: value' lines."),
        click.option("--epochs", type=click.IntRange(min=1), help="Passes over the data."),
        click.option("--seed", type=int, help="Same seed, same weights."),
    ]
    own = [
        click.option("--devices", type=click.IntRange(min=1), help="Processes, or GPUs."),
        click.option("--log", type=click.Choice(LOGS), help="Where figures go; csv by default."),
        click.option("--restart", is_flag=True, help="Forget the earlier run in the folder."),
    ]

    def add(command: Command) -> Command:
        for option in reversed(options + own if on_lightning else options):
            command = option(command)
        return command

    return add


@train.command()
@training_options("detector")
def detector(data: Path, out: Path, config: Path | None, restart: bool, **options: Any) -> None:
    """Train the detector on coco_mini's train part and the teacher's boxes.

    \b
    sightgraph train detector --data DATASETS --out runs/detector
    """
    from graph_fusion.training import read_config
    from pipelines.training.detector import DetectorTraining
    from pipelines.training.detector import train as run

    make_run_folder(out, restart)
    print_figures(run(data, out, read_config(DetectorTraining, config, **options), print_line))


@train.command()
@training_options("parser", on_lightning=False)
def parser(data: Path, out: Path, config: Path | None, **options: Any) -> None:
    """Train the parser on the train file of UD English EWT.

    \b
    sightgraph train parser --data DATASETS/ud_english_ewt --out runs/parser
    """
    from graph_fusion.training import read_config
    from pipelines.training.parser import ParserTraining
    from pipelines.training.parser import train as run

    make_folder(out)
    print_figures(run(data, out, read_config(ParserTraining, config, **options), print_line))


@train.command("text-graph")
@training_options("text_graph")
def text_graph(data: Path, out: Path, config: Path | None, restart: bool, **options: Any) -> None:
    """Train the reader of captions on FACTUAL's train part.

    \b
    sightgraph train text-graph --data DATASETS --out runs/text_graph
    """
    from graph_fusion.training import read_config
    from pipelines.training.text_graph import TextGraphTraining
    from pipelines.training.text_graph import train as run

    make_run_folder(out, restart)
    print_figures(run(data, out, read_config(TextGraphTraining, config, **options), print_line))


@train.command()
@training_options("scenes", on_lightning=False)
def scenes(data: Path, out: Path, config: Path | None, **options: Any) -> None:
    """Train the scenes on what other models and captions say of whole photographs.

    \b
    sightgraph train scenes --data DATASETS --out runs/scenes
    """
    from graph_fusion.training import read_config
    from pipelines.training.scenes import SceneTraining
    from pipelines.training.scenes import train as run

    make_folder(out)
    print_figures(run(data, out, read_config(SceneTraining, config, **options), print_line))


@train.command()
@click.option("--out", type=FILE, default=Path("runs/names"), show_default=True, metavar="DIR")
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
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same weights.")
@click.option("--kg", "store", type=FILE, required=True, metavar="STORE", help="With ConceptNet.")
@click.option("--out", type=FILE, default=Path("runs/retrieval"), show_default=True, metavar="DIR")
@click.option("--data", type=FILE, required=True, metavar="DIR", help="The folder of the data.")
def retrieval(data: Path, out: Path, store: Path, seed: int) -> None:
    """Train the ranker of a store's facts on OK-VQA's and FVQA's train parts.

    \b
    sightgraph train retrieval --data DATASETS --kg common.store --out runs/retrieval
    """
    from pipelines.training.retrieval import RankerTraining
    from pipelines.training.retrieval import train as run

    make_folder(out)
    print_figures(run(data, out, RankerTraining(kg=store, seed=seed), print_line))


@train.command()
@training_options("relations")
@click.option("--aside", type=FILE, metavar="FILE", help="Write the val part there, to measure.")
def relations(
    data: Path, out: Path, config: Path | None, restart: bool, aside: Path | None, **options: Any
) -> None:
    """Train the relations on captions, with boxes where there are any.

    \b
    sightgraph train relations --data DATASETS --out runs/relations --aside relations_val.json
    """
    from graph_fusion.training import read_config
    from pipelines.training.relations import RelationTraining
    from pipelines.training.relations import train as run

    make_run_folder(out, restart)
    chosen = read_config(RelationTraining, config, held_out=aside, **options)
    print_figures(run(data, out, chosen, print_line))


@train.command()
@training_options("answerer")
@click.option("--base", type=FILE, metavar="DIR", help="A model folder to start from.")
@click.option("--detector", metavar="NAME", help="Finds the objects, instead of the teacher.")
@click.option("--questions", type=click.IntRange(min=1), help="Questions on each photograph.")
def answerer(
    data: Path,
    out: Path,
    config: Path | None,
    restart: bool,
    **options: Any,
) -> None:
    """Train the answerer on questions generated from photographs and knowledge.

    \b
    sightgraph train answerer --data DATASETS --out runs/answerer
    """
    from graph_fusion.training import read_config
    from pipelines.training.answerer import AnswererTraining
    from pipelines.training.answerer import train as run

    make_run_folder(out, restart)
    print_figures(run(data, out, read_config(AnswererTraining, config, **options), print_line))


@train.command()
@click.option("--data", type=FILE, required=True, metavar="DIR", help="The folder of data sets.")
@click.option("--questions", type=FILE, required=True, metavar="FILE", help="Asked by hand.")
@click.option("--images", type=FILE, required=True, metavar="DIR", help="Their photographs.")
@click.option("--part", default="development", show_default=True, help="Which of them to use.")
@click.option(
    "--vocabulary", type=FILE, multiple=True, metavar="DIR", help="From train okvqa; repeatable."
)
@click.option("--out", type=FILE, required=True, metavar="DIR", help="An answerer's folder.")
def mixing(
    data: Path, questions: Path, images: Path, part: str, vocabulary: tuple[Path, ...], out: Path
) -> None:
    """Fit how far answers come from the graph and how far from the vocabulary.

    --out holds both models; mixing.json is written there, and the vocabulary's temperature.
    With --vocabulary, the average of those given becomes the vocabulary first.

    \b
    sightgraph train mixing --data DATASETS --questions data/questions/knowledge.json \\
        --images DATASETS/coco_mini --out runs/answerer
    """
    from pipelines.training.gate import GateTraining
    from pipelines.training.gate import train as run

    options = GateTraining(questions, images, part, vocabulary)
    print_figures(run(data, out, options, print_line))


def make_run_folder(out: Path, restart: bool) -> None:
    """Make `out`; with `restart`, forget what a stopped training left in it."""
    make_folder(out)
    if restart:
        from graph_fusion.training.record import RunFolder

        RunFolder(out / "training").forget()


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; the training's own defaults stand for the others."""
    return {name: value for name, value in options.items() if value is not None}


def print_figures(figures: dict[str, Any]) -> None:
    """Print one figure a line: shares to four digits, counts as they are."""
    print_columns([(name, _figure(value)) for name, value in figures.items()])


def _figure(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)

"""sightgraph train: the bundled models, made again from data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pipelines.cli.options import FILE, make_folder
from pipelines.cli.printing import print_columns, print_line

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def train() -> None:
    """Train one of the models; data is never downloaded."""


def training_options(model: str) -> Callable[[Command], Command]:
    """Add --data, --out, --epochs and --seed."""

    def add(command: Command) -> Command:
        for option in (
            click.option("--seed", type=int, help="Same seed, same weights."),
            click.option("--epochs", type=click.IntRange(min=1), help="Passes over the data."),
            click.option(
                "--out",
                type=FILE,
                default=Path("runs") / model,
                show_default=True,
                metavar="DIR",
                help="Where the weights go.",
            ),
            click.option(
                "--data", type=FILE, required=True, metavar="DIR", help="The folder of the data."
            ),
        ):
            command = option(command)
        return command

    return add


@train.command()
@training_options("detector")
def detector(data: Path, out: Path, epochs: int | None, seed: int | None) -> None:
    """Train the detector on coco_mini's train part and the teacher's boxes.

    \b
    sightgraph train detector --data DATASETS --out runs/detector
    """
    from pipelines.tasks.detection_training import DetectorTraining
    from pipelines.tasks.detection_training import train as run

    make_folder(out)
    print_figures(run(data, out, DetectorTraining(**given(epochs=epochs, seed=seed)), print_line))


@train.command()
@training_options("parser")
def parser(data: Path, out: Path, epochs: int | None, seed: int | None) -> None:
    """Train the parser on the train file of UD English EWT.

    \b
    sightgraph train parser --data DATASETS/ud_english_ewt --out runs/parser
    """
    from pipelines.tasks.parsing import ParserTraining
    from pipelines.tasks.parsing import train as run

    make_folder(out)
    print_figures(run(data, out, ParserTraining(**given(epochs=epochs, seed=seed)), print_line))


@train.command("text-graph")
@training_options("text_graph")
def text_graph(data: Path, out: Path, epochs: int | None, seed: int | None) -> None:
    """Train the reader of captions on FACTUAL's train part.

    \b
    sightgraph train text-graph --data DATASETS --out runs/text_graph
    """
    from pipelines.tasks.text_graph_training import TextGraphTraining
    from pipelines.tasks.text_graph_training import train as run

    make_folder(out)
    print_figures(run(data, out, TextGraphTraining(**given(epochs=epochs, seed=seed)), print_line))


@train.command()
@training_options("scenes")
def scenes(data: Path, out: Path, epochs: int | None, seed: int | None) -> None:
    """Train the scenes on what other models and captions say of whole photographs.

    \b
    sightgraph train scenes --data DATASETS --out runs/scenes
    """
    from pipelines.tasks.scenes import SceneTraining
    from pipelines.tasks.scenes import train as run

    make_folder(out)
    print_figures(run(data, out, SceneTraining(**given(epochs=epochs, seed=seed)), print_line))


@train.command()
@click.option("--out", type=FILE, default=Path("runs/names"), show_default=True, metavar="DIR")
def names(out: Path) -> None:
    """Encode the names and glosses of the bundled knowledge, by which meanings are compared.

    \b
    sightgraph train names --out data/models/names
    """
    from graph_fusion.meaning import NameMeanings
    from kg.knowledge import Knowledge

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
    from kg.store import Store
    from pipelines.tasks.retrieval_data import read_questions
    from pipelines.tasks.retrieval_training import train_retrieval

    make_folder(out)
    questions = read_questions(data / "okvqa" / "train.json")
    questions += read_questions(data / "fvqa" / "train.json")
    taught = train_retrieval(questions, Store(store), out, seed)
    print_line(f"{taught:,} questions taught; written: {out / 'model.safetensors'}")


@train.command()
@training_options("relations")
@click.option("--aside", type=FILE, metavar="FILE", help="Write the val part there, to measure.")
def relations(
    data: Path, out: Path, epochs: int | None, seed: int | None, aside: Path | None
) -> None:
    """Train the relations on captions, with boxes where there are any.

    \b
    sightgraph train relations --data DATASETS --out runs/relations --aside relations_val.json
    """
    from pipelines.tasks.relations_training import RelationTraining, write_aside
    from pipelines.tasks.relations_training import train as run

    make_folder(out)
    if aside is not None:
        write_aside(data, aside)
    print_figures(run(data, out, RelationTraining(**given(epochs=epochs, seed=seed)), print_line))


@train.command()
@training_options("answerer")
@click.option("--base", type=FILE, metavar="DIR", help="A model folder to start from.")
@click.option("--detector", metavar="NAME", help="Finds the objects, instead of the teacher.")
@click.option("--questions", type=click.IntRange(min=1), help="Questions on each photograph.")
def answerer(
    data: Path,
    out: Path,
    epochs: int | None,
    seed: int | None,
    base: Path | None,
    detector: str | None,
    questions: int | None,
) -> None:
    """Train the answerer on questions generated from photographs and knowledge.

    \b
    sightgraph train answerer --data DATASETS --out runs/answerer
    """
    from pipelines.detectors import DETECTORS
    from pipelines.tasks.answerer import train as run
    from pipelines.tasks.answerer_training import AnswererTraining

    make_folder(out)
    options = AnswererTraining(**given(epochs=epochs, seed=seed, questions=questions))
    finder = DETECTORS.make(detector) if detector else None
    print_figures(run(data, out, options, print_line, finder, base))


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; the training's own defaults stand for the others."""
    return {name: value for name, value in options.items() if value is not None}


def print_figures(figures: dict[str, Any]) -> None:
    """Print one figure a line: shares to four digits, counts as they are."""
    print_columns([(name, _figure(value)) for name, value in figures.items()])


def _figure(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)

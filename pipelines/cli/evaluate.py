"""sightgraph evaluate: the figures of the models on a named split."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kg.files import check_writable, write_text
from pipelines.cli.options import FILE
from pipelines.cli.train import given, print_figures

if TYPE_CHECKING:
    from pipelines.detectors.bundled import Views

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
@click.option("--weights", type=FILE, metavar="DIR", help="Instead of the bundled weights.")
@click.option(
    "--views",
    type=click.Choice(["whole", "mirrored", "crops"]),
    default="whole",
    show_default=True,
    help="Look once, twice or six times.",
)
def detection(
    data: Path, split: str, report: Path | None, weights: Path | None, views: Views
) -> None:
    """Measure the detector: AP and AP50 by the official COCO scorer.

    \b
    sightgraph evaluate detection --data DATASETS/coco_mini --split val2017
    """
    from pipelines.detectors.bundled import BundledDetector
    from pipelines.evaluate.detection import LEAST_SCORE
    from pipelines.evaluate.detection import evaluate as measure

    def run() -> dict[str, float]:
        detector = BundledDetector(weights, LEAST_SCORE, views, alternatives=True)
        return measure(data, detector, split)

    measure_and_report(report, run)


@evaluate.command()
@evaluation_options()
@click.option("--model", type=FILE, metavar="DIR", help="Instead of the bundled scene model.")
def scenes(data: Path, report: Path | None, model: Path | None) -> None:
    """Measure the scenes on photographs that training held out.

    \b
    sightgraph evaluate scenes --data DATASETS
    """
    from pipelines.evaluate.scenes import evaluate as measure

    measure_and_report(report, lambda: measure(data, model))


@evaluate.command()
@evaluation_options()
def colours(data: Path, report: Path | None) -> None:
    """Measure the colours of objects by those that captions name, on the val parts.

    \b
    sightgraph evaluate colours --data DATASETS
    """
    from pipelines.evaluate.colours import evaluate as measure
    from pipelines.reading.text_graph_reader import TrainedReader

    measure_and_report(report, lambda: measure(data, TrainedReader()))


@evaluate.command()
@evaluation_options()
@click.option("--model", type=FILE, metavar="DIR", help="Instead of the bundled relation model.")
@click.option("--baselines", is_flag=True, help="Also words alone, places alone, and chance.")
def relations(data: Path, report: Path | None, model: Path | None, baselines: bool) -> None:
    """Measure predicates between objects whose boxes and labels are given: R@50 and R@100.

    \b
    sightgraph evaluate relations --data FILE.json
    """
    from pipelines.evaluate.relations import measure_file

    measure_and_report(report, lambda: measure_file(data, model, baselines))


@evaluate.command("text-graph")
@evaluation_options()
@click.option("--reader", default="trained", show_default=True, help="rules or trained.")
@click.option("--wordnet", type=FILE, metavar="DIR", help="WordNet's database files: synonyms.")
def text_graph(data: Path, report: Path | None, reader: str, wordnet: Path | None) -> None:
    """Measure captions to scene graphs: FACTUAL's Set Match and SPICE.

    \b
    sightgraph evaluate text-graph --data DATASETS/factual/dev.csv
    """
    from pipelines.evaluate.text_graph import evaluate as measure
    from pipelines.evaluate.wups import synonym_sets
    from pipelines.reading.readers import READERS

    chosen = READERS.make(reader)
    synonyms = None if wordnet is None else synonym_sets(wordnet)
    measure_and_report(report, lambda: measure(data, chosen, synonyms))


@evaluate.command("question-parsing")
@evaluation_options()
def question_parsing(data: Path, report: Path | None) -> None:
    """Measure the analysis of questions: the share that is right in every field.

    \b
    sightgraph evaluate question-parsing --data tests/pipelines/question_cases.json
    """
    from pipelines.evaluate.question_parsing import evaluate as measure

    measure_and_report(report, lambda: measure(data))


@evaluate.command()
@evaluation_options()
def linking(data: Path, report: Path | None) -> None:
    """Measure how names are linked to concepts of the bundled knowledge, and to none.

    \b
    sightgraph evaluate linking --data tests/kg/linking_cases.json
    """
    from pipelines.evaluate.linking import evaluate as measure

    measure_and_report(report, lambda: measure(data))


@evaluate.command("linking-coverage")
@evaluation_options()
def linking_coverage(data: Path, report: Path | None) -> None:
    """Measure which share of a data set's object names the bundled knowledge knows.

    \b
    sightgraph evaluate linking-coverage --data DATASETS/openimages_hierarchy/dict.csv
    """
    from pipelines.evaluate.linking import coverage

    measure_and_report(report, lambda: coverage(data))


@evaluate.command()
@evaluation_options()
def grounding(data: Path, report: Path | None) -> None:
    """Measure which objects referring expressions are taken to mean.

    \b
    sightgraph evaluate grounding --data tests/pipelines/grounding_cases.json
    """
    from pipelines.evaluate.grounding import evaluate as measure

    measure_and_report(report, lambda: measure(data))


@evaluate.command()
@evaluation_options()
@click.option("--model", type=FILE, metavar="DIR", help="Instead of the bundled parser.")
def parser(data: Path, report: Path | None, model: Path | None) -> None:
    """Measure tags, lemmas and dependencies on the dev file.

    \b
    sightgraph evaluate parser --data DATASETS/ud_english_ewt
    """
    from pipelines.evaluate.parser import evaluate as measure

    measure_and_report(report, lambda: measure(data, model))


@evaluate.command()
@evaluation_options()
@click.option("--model", type=FILE, metavar="DIR", help="Instead of the bundled answerer.")
@click.option("--detector", metavar="NAME", help="Finds the objects, instead of the teacher.")
@click.option("--questions", type=click.IntRange(min=1), help="Questions on each photograph.")
@click.option("--seed", type=int, help="Same seed, same questions.")
def answerer(
    data: Path,
    report: Path | None,
    model: Path | None,
    detector: str | None,
    questions: int | None,
    seed: int | None,
) -> None:
    """Measure the answerer on photographs, concepts and wordings that training held out.

    \b
    sightgraph evaluate answerer --data DATASETS --detector bundled
    """
    from pipelines.detectors import DETECTORS
    from pipelines.evaluate.answerer import evaluate as measure

    options = given(questions=questions, seed=seed)
    finder = DETECTORS.make(detector) if detector else None
    measure_and_report(report, lambda: measure(data, model, finder, **options))


def measure_and_report(report: Path | None, measure: Callable[[], dict[str, Any]]) -> None:
    """Print the figures and write them to `report`, which is checked before the long work."""
    if report is not None:
        check_writable(report)
    figures = measure()
    print_figures(figures)
    if report is not None:
        write_text(report, json.dumps(figures, indent=2, allow_nan=False) + "\n")


@evaluate.command()
@evaluation_options()
@click.option("--kg", "store", type=FILE, required=True, metavar="STORE", help="What is asked.")
@click.option("--weights", type=FILE, metavar="DIR", help="Instead of the bundled ranker.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many questions.")
def retrieval(
    data: Path, report: Path | None, store: Path, weights: Path | None, limit: int | None
) -> None:
    """Measure whether the best facts of a store hold the answer.

    --data is okvqa/train.json or fvqa/train.json; the questions of photographs that training set
    aside are asked.
    """
    from kg.files import bundled
    from kg.knowledge.store import Store
    from kg.retrieval import Ranker
    from pipelines.datasets.retrieval import read_questions
    from pipelines.evaluate.retrieval import evaluate_retrieval

    ranker = Ranker.load((weights or bundled("models", "retrieval")) / "model.safetensors")

    def measure() -> dict[str, float]:
        questions = [one for one in read_questions(data) if one.aside][:limit]
        shares = evaluate_retrieval(questions, Store(store), ranker)
        named = {
            f"{name}, best {k}": share
            for name, found in shares.items()
            for k, share in found.items()
        }
        return {"questions": len(questions)} | named

    measure_and_report(report, measure)

"""sightgraph explain: what becomes of an answer without each piece of its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError
from pipelines.cli.options import (
    FILE,
    MANY_FILES,
    ManyFilesCommand,
    check_targets,
    detector_options,
    json_option,
    knowledge_options,
    load_knowledge,
    load_sightgraph,
)
from pipelines.cli.output import print_columns, print_json, print_line

if TYPE_CHECKING:
    from pipelines.answering.deletion import Effect, Explanation

PICTURES = (".png", ".html")
"""Endings of the formats that show the weights."""


@click.command(cls=ManyFilesCommand)
@click.argument("photo")
@click.argument("question")
@knowledge_options
@detector_options
@json_option
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same controls.")
@click.option(
    "--export",
    "targets",
    multiple=True,
    type=FILE,
    metavar=MANY_FILES,
    help="Draw the evidence by weight, as PNG or HTML. All names up to the next option are taken.",
)
def explain(
    photo: str,
    question: str,
    knowledge_files: tuple[str, ...],
    only_kg: bool,
    detector: str | None,
    weights: Path | None,
    detections: Path | None,
    as_json: bool,
    seed: int,
    targets: tuple[Path, ...],
) -> None:
    """Answer QUESTION about PHOTO, and again without each piece of the evidence.

    Each line: what was deleted, what is answered then, how probable the first answer is then,
    the change, and as a control the mean change when as many random other facts are deleted.

    \b
    sightgraph explain example:cat "Is this animal a mammal?"
    sightgraph explain kitchen.jpg "What is the cup used for?" --export why.png
    """
    if not question.strip():
        raise SightGraphError('the question is empty. Ask, for example, "What is on the table?".')
    check_targets(targets, PICTURES)
    from pipelines.photo import Photo

    opened = Photo.open(photo)
    knowledge = load_knowledge(knowledge_files, only_kg)
    sightgraph = load_sightgraph(detector, weights, detections, knowledge)
    from pipelines.answering.deletion import explain as explain_answer

    explanation = explain_answer(sightgraph, opened, question, seed=seed)
    if targets:
        from kg.formats import export
        from pipelines.cli.output import picture

        answer = explanation.answer
        export(answer.graph, targets, image=opened.image, view=picture(answer))
    if as_json:
        print_json(explanation.as_json())
    else:
        print_explanation(explanation)


def print_explanation(explanation: Explanation) -> None:
    """Print the answer, and below it a line for each piece, the greatest loss first."""
    answer = explanation.answer
    print_line((answer.text, "bold green"), f"  (confidence {answer.confidence:.2f})")
    if not explanation.effects:
        print_line("no evidence: nothing to delete")
        return
    print_line(f'probability of "{explanation.text}" {explanation.probability:.2f}; without')
    head = ("", "piece", "answer then", "probability", "change", "random facts")
    print_columns([head, *map(_row, explanation.effects)], indent="  ")


def _row(effect: Effect) -> tuple[str, ...]:
    control = "-" if effect.control is None else f"{effect.control:+.2f}"
    return (
        effect.piece.kind,
        effect.piece.name,
        effect.answer,
        f"{effect.probability:.2f}",
        f"{effect.change:+.2f}",
        control,
    )

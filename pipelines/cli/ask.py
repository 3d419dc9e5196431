"""sightgraph ask: a photograph and a question in, an answer with its reasons out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError
from pipelines.cli.options import (
    FILE,
    MANY_FILES,
    ManyFilesCommand,
    check_edits,
    check_targets,
    detector_options,
    edit_options,
    edits_of,
    json_option,
    knowledge_options,
    load_knowledge,
    load_reader,
    load_sightgraph,
    reader_option,
)
from pipelines.cli.output import print_answer, print_json

if TYPE_CHECKING:
    from PIL import Image

    from pipelines.answering.evidence import Answer


@click.command(cls=ManyFilesCommand)
@click.argument("photo")
@click.argument("question")
@knowledge_options
@edit_options
@detector_options
@reader_option
@json_option
@click.option(
    "--export",
    "targets",
    multiple=True,
    type=FILE,
    metavar=MANY_FILES,
    help="Write the graph with the evidence marked; format by ending. All names up to the next "
    "option are taken.",
)
def ask(
    photo: str,
    question: str,
    knowledge_files: tuple[str, ...],
    only_kg: bool,
    to_set: tuple[str, ...],
    to_unset: tuple[str, ...],
    detector: str | None,
    weights: Path | None,
    detections: Path | None,
    reader_model: str | None,
    as_json: bool,
    targets: tuple[Path, ...],
) -> None:
    """Answer QUESTION about PHOTO and say why.

    PHOTO is an image file or example:NAME (astronaut, camera, cat, coffee, motorcycle, rocket).

    \b
    sightgraph ask example:motorcycle "What powers this motorcycle?"
    sightgraph ask kitchen.jpg "How many cups are there?" --export answer.html
    sightgraph ask example:cat "What is this cat used for?" --set "cat usedFor pest control"
    """
    if not question.strip():
        raise SightGraphError('the question is empty. Ask, for example, "What is on the table?".')
    if targets:
        from kg.formats import EXPORTERS

        check_targets(targets, EXPORTERS)
    from pipelines.photo import Photo

    opened = Photo.open(photo)
    knowledge = load_knowledge(knowledge_files, only_kg)
    edits = edits_of(to_set, to_unset)
    if edits:
        check_edits(edits, knowledge)
    reader = load_reader(reader_model)
    sightgraph = load_sightgraph(detector, weights, detections, knowledge)
    if edits:
        sightgraph = sightgraph.edited(edits)
    answer = sightgraph.ask(opened, question)
    if reader is not None:
        answer = reader(answer, opened)
        if ": refused, " in answer.models["reader"]:
            click.echo(f"sightgraph: {answer.models['reader']}", err=True)
    for note in sightgraph.notes(answer):
        click.echo(f"sightgraph: {note}", err=True)
    if targets:
        _export(answer, targets, opened.image)
    if as_json:
        print_json(answer.as_json())
    else:
        print_answer(answer)


def _export(answer: Answer, targets: tuple[Path, ...], image: Image.Image) -> None:
    """Write the graph with the evidence marked."""
    from kg.formats import export
    from pipelines.cli.output import picture

    export(answer.graph, targets, image=image, view=picture(answer))

"""sightgraph graph: the graph of a photograph, or of many in one run."""

from __future__ import annotations

from pathlib import Path

import click

from kg.errors import SightGraphError
from pipelines.cli.batch import graph_many, jobs_option, retry_option
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.options import (
    Command,
    check_targets,
    knowledge_options,
    load_knowledge,
    targets_option,
)
from pipelines.cli.output import print_line


@click.command(cls=Command)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--text", metavar="CAPTION", help="A caption; what it says is added to the graph.")
@knowledge_options
@eyes_options
@targets_option(
    "-o",
    "--output",
    about="Where to write; format by ending. For many photographs, a folder.",
    required=True,
)
@click.option(
    "--format",
    "formats",
    metavar="NAME,NAME",
    help="For many photographs: the formats, e.g. json,ttl (default: json).",
)
@jobs_option
@retry_option
def graph(
    photos: tuple[str, ...],
    text: str | None,
    knowledge_files: tuple[str, ...],
    only_kg: bool,
    eyes: Eyes,
    targets: tuple[Path, ...],
    formats: str | None,
    jobs: int,
    retry: bool,
) -> None:
    """Write the graph of PHOTO: objects, words of the text, and facts.

    PHOTO is an image file or example:NAME (astronaut, camera, cat, coffee, motorcycle, rocket).
    Several, a folder, a pattern in quotes or a list (.txt, one a line) write a graph each into a
    folder; a run that was killed goes on where it was.

    \b
    sightgraph graph example:coffee --text "a cup beside a spoon" -o coffee.json coffee.html
    sightgraph graph holiday/ -o graphs --format json,ttl --jobs 2
    """
    from pipelines.batch.photographs import is_many

    if len(photos) > 1 or formats is not None or is_many(photos[0]):
        if text is not None:
            raise SightGraphError("--text is about one photograph. Leave it out for many.")
        if len(targets) != 1:
            raise SightGraphError("many photographs need one folder. Give -o DIR.")
        chosen = (formats or "json").split(",")
        graph_many(photos, targets[0], chosen, (knowledge_files, only_kg, eyes), jobs, retry)
        return
    from kg.formats import EXPORTERS, Highlights, export

    check_targets(targets, EXPORTERS)
    from pipelines.photo import Photo

    opened = Photo.open(photos[0])
    eyes.check(opened)
    knowledge = load_knowledge(knowledge_files, only_kg)
    scene = eyes.load(knowledge).graph(opened, text)
    export(
        scene,
        targets,
        image=opened.image,
        view=Highlights(title=opened.source, subtitle=text or ""),
    )
    for target in targets:
        print_line((str(target), "bold"))

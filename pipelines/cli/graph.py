"""sightgraph graph: the graph of a photograph and its caption, without a question."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.options import (
    FILE,
    MANY_FILES,
    ManyFilesCommand,
    check_targets,
    detector_options,
    knowledge_options,
    load_knowledge,
    load_sightgraph,
)
from pipelines.cli.output import print_line


@click.command(cls=ManyFilesCommand)
@click.argument("photo")
@click.option("--text", metavar="CAPTION", help="A caption; what it says is added to the graph.")
@knowledge_options
@detector_options
@click.option(
    "-o",
    "--output",
    "targets",
    multiple=True,
    required=True,
    type=FILE,
    metavar=MANY_FILES,
    help="Where to write; format by ending. All names up to the next option are taken.",
)
def graph(
    photo: str,
    text: str | None,
    knowledge_files: tuple[str, ...],
    only_kg: bool,
    detector: str | None,
    weights: Path | None,
    detections: Path | None,
    targets: tuple[Path, ...],
) -> None:
    """Write the graph of PHOTO: what is seen, said and known.

    PHOTO is an image file or example:NAME (astronaut, camera, cat, coffee, motorcycle, rocket).

    \b
    sightgraph graph example:coffee --text "a cup beside a spoon" -o coffee.json coffee.html
    """
    from kg.formats import EXPORTERS, View, export

    check_targets(targets, EXPORTERS)
    from pipelines.photo import Photo

    opened = Photo.open(photo)
    knowledge = load_knowledge(knowledge_files, only_kg)
    scene = load_sightgraph(detector, weights, detections, knowledge).graph(opened, text)
    export(scene, targets, image=opened.image, view=View(title=opened.source, subtitle=text or ""))
    for target in targets:
        print_line((str(target), "bold"))

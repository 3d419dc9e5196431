"""sightgraph graph: the graph of a photograph, or of many in one run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError
from pipelines.cli.batch import graph_many
from pipelines.cli.engine import Run, run_options
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.modality import Beside, modality_options
from pipelines.cli.options import (
    Command,
    check_targets,
    targets_option,
)
from pipelines.cli.output import print_line
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options

if TYPE_CHECKING:
    from pipelines.modalities import Modality
    from pipelines.photo import Photo


@click.command(cls=Command)
@click.argument("photos", nargs=-1, metavar="[PHOTO...]")
@click.option("--text", metavar="CAPTION", help="A caption; what it says is added to the graph.")
@knowledge_options
@eyes_options
@modality_options
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
    help="For many photographs: the formats, e.g. json,ttl (default: json; with --engine ray, "
    "parquet,nq, and no others).",
)
@run_options
def graph(
    photos: tuple[str, ...],
    text: str | None,
    own_knowledge: OwnKnowledge,
    eyes: Eyes,
    beside: Beside,
    targets: tuple[Path, ...],
    formats: str | None,
    many: Run,
) -> None:
    """Write the graph of PHOTO: objects, words of the text, other modalities, and facts.

    PHOTO is an image file or example:NAME (astronaut, camera, cat, coffee, motorcycle, rocket).
    Several, a folder, a pattern in quotes, a list (.txt, one a line) or a URI (s3://bucket/folder)
    write a graph each into a folder; a run that was killed goes on where it was.

    \b
    sightgraph graph example:coffee --text "a cup beside a spoon" -o coffee.json coffee.html
    sightgraph graph --modality sound=bark.wav -o bark.ttl
    sightgraph graph holiday/ -o graphs --format json,ttl --jobs 2
    sightgraph graph s3://bucket/photographs -o graphs --engine ray --address ray://head:10001
    """
    from pipelines.batch.photographs import is_many

    chosen = formats is not None or many.engine != "local"
    if len(photos) > 1 or chosen or (photos and is_many(photos[0])):
        if beside:
            raise SightGraphError("--modality is about one photograph. Leave it out for many.")
        if text is not None:
            raise SightGraphError("--text is about one photograph. Leave it out for many.")
        if len(targets) != 1:
            raise SightGraphError("many photographs need one folder. Give -o DIR.")
        graph_many(photos, targets[0], formats, (own_knowledge, eyes), many)
        return
    from kg.formats import EXPORTERS, Highlights, export

    check_targets(targets, EXPORTERS)
    from pipelines.photo import Photo

    opened = Photo.open(photos[0]) if photos else None
    eyes.check(opened)
    modalities = beside.open()
    if opened is None and text is None and not modalities:
        raise click.UsageError("Give a PHOTO, --text, or --modality.")
    knowledge = own_knowledge.load()
    scene = beside.added_to(eyes.load(knowledge)).graph(opened, text, modalities)
    export(
        scene,
        targets,
        image=None if opened is None else opened.image,
        view=Highlights(title=_title(opened, modalities), subtitle=text or ""),
    )
    for target in targets:
        print_line((str(target), "bold"))


def _title(photo: Photo | None, modalities: Mapping[str, Modality]) -> str:
    """Return the files that the graph is of."""
    files = [*([] if photo is None else [photo.source]), *(m.source for m in modalities.values())]
    return ", ".join(files)

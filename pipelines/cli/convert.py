"""sightgraph convert: a graph file into other formats, or back into the inspector."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli.options import FILE, Command, check_targets, targets_option
from pipelines.cli.output import print_line


@click.command(cls=Command)
@click.argument("source", metavar="GRAPH", type=FILE)
@click.option("--photo", metavar="PHOTO", help="The photograph, for formats that show it.")
@targets_option("-o", "--output", about="Where to write; format by ending.", required=True)
def convert(source: Path, photo: str | None, targets: tuple[Path, ...]) -> None:
    """Write the graph file GRAPH in other formats.

    \b
    sightgraph convert corrected.json -o corrected.ttl corrected.graphml
    sightgraph convert kitchen.ttl --photo kitchen.jpg -o kitchen.html
    """
    from kg.formats import EXPORTERS, Highlights, export, read_graph

    check_targets(targets, EXPORTERS)
    graph = read_graph(source)
    image = None
    if photo is not None:
        from pipelines.photo import Photo

        image = Photo.open(photo).image
    export(graph, targets, image=image, view=Highlights(title=source.name))
    for target in targets:
        print_line((str(target), "bold"))

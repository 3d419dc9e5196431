"""sightgraph album: photographs in a store, searched by what they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from pipelines.cli.batch import load_sightgraph, progress
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.options import FILE, Group, json_option
from pipelines.cli.output import print_columns, print_json, print_line
from pipelines.cli.own_knowledge import OwnKnowledge

if TYPE_CHECKING:
    from pipelines.sightgraph import SightGraph

COMPACT_FROM = 500
"""Photographs added at once from which the album is compacted: it takes 12 ms for each in it."""

store_option = click.option(
    "--store", required=True, type=FILE, metavar="DIR", help="The folder of the album."
)


@click.group("album", cls=Group)
def album() -> None:
    """Put photographs into a store, and find them by what they show."""


@album.command()
@click.argument("photos", nargs=-1, required=True)
@store_option
@eyes_options
def add(photos: tuple[str, ...], store: Path, eyes: Eyes) -> None:
    """Add PHOTOS: files, folders, patterns or lists. What is in the album already is left as it is.

    Each photograph is in the album as soon as it is done: an ended run goes on where it was.

    \b
    sightgraph album add holiday/ --store album
    """
    from kg.knowledge.memory import Knowledge
    from pipelines.batch.album import Album
    from pipelines.batch.photographs import find_photographs
    from pipelines.batch.run import run
    from pipelines.photo import file_digest

    found = find_photographs(photos)
    eyes.check()
    opened = Album(store, create=True)
    new = [one for one in found if one.startswith("example:") or not opened.holds(file_digest(one))]
    added = failed = 0
    opened.add_knowledge(Knowledge.bundled())
    if new:
        load = partial(load_sightgraph, (OwnKnowledge(), eyes))
        with progress("photographs", len(found), len(found) - len(new)) as advance:
            for place, row in run(partial(_graphs, load), new):
                if "error" in row:
                    failed += 1
                    click.echo(f"sightgraph: {new[place]}: {row['error']}", err=True)
                else:
                    added += opened.add(row["graph"])
                advance()
    if added >= COMPACT_FROM:
        opened.compact()
    opened.close()
    print_line(f"{added} added, {len(found) - added - failed} were there, {failed} errors")
    if failed:
        raise SightGraphError(f"{failed} of {len(found)} could not be added.")


@album.command()
@click.argument("text")
@store_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@json_option
def find(text: str, store: Path, limit: int, as_json: bool) -> None:
    """List the photographs that show what TEXT describes, the surest first.

    \b
    sightgraph album find "something made of metal on a table" --store album
    """
    from kg.knowledge.memory import Knowledge
    from pipelines.batch.album import find as find_in
    from pipelines.reading.parser import Parser

    found = find_in(store, Parser()(text), Knowledge.bundled(), limit)
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        print_columns([(one.photo, f"{one.score:.2f}", ", ".join(one.labels)) for one in found])
    else:
        print_line("nothing was found")


@album.command()
@click.argument("photos", nargs=-1, required=True)
@store_option
def remove(photos: tuple[str, ...], store: Path) -> None:
    """Remove all that came from PHOTOS: files, or the SHA-256 of their content."""
    from pipelines.batch.album import Album
    from pipelines.photo import file_digest

    opened = Album(store)
    count = sum(opened.remove(file_digest(one) or one) for one in photos)
    opened.close()
    print_line(f"{count} removed, {len(photos) - count} were not there")


@album.command()
@click.argument("sparql")
@store_option
@json_option
def query(sparql: str, store: Path, as_json: bool) -> None:
    """Run a SPARQL query (SELECT or ASK) over all photographs and the knowledge.

    \b
    sightgraph album query --store album 'SELECT ?photo WHERE { ?p a sgo:Photograph ;
      rdfs:label ?photo }'
    """
    from pipelines.batch.album import query as query_of

    rows = query_of(store, sparql)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        print_line("\t".join(row.values()))


def _graphs(load: Callable[[], SightGraph]) -> Callable[[str], dict[str, Any]]:
    sightgraph = load()
    return lambda photo: {"graph": sightgraph.graph(photo)}

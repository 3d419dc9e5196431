"""sightgraph album: photographs in a store, searched by what they show."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError, printable
from pipelines.cli.batch import load_sightgraph, progress
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.options import FILE, Group, json_option
from pipelines.cli.output import print_columns, print_json, print_line, print_rows
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

    found = [_lasting(one) for one in find_photographs(photos)]
    eyes.check()
    opened = Album(store, create=True)
    new = [one for one in found if not opened.holds(_digest(one))]
    added = failed = 0
    opened.add_knowledge(Knowledge.bundled())
    if new:
        load = partial(load_sightgraph, (OwnKnowledge(), eyes))
        with progress("photographs", len(found), len(found) - len(new)) as advance:
            for place, row in run(partial(_graphs, load), new):
                if "error" in row:
                    failed += 1
                    click.echo(printable(f"sightgraph: {new[place]}: {row['error']}"), err=True)
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
    """Remove all that came from PHOTOS: files, which may be gone, or SHA-256 of their content."""
    from pipelines.batch.album import Album, sources

    known = {source: sha256 for sha256, source in sources(store).items()}
    opened = Album(store)
    count = 0
    for one in photos:
        sha256 = _digest(one) or known.get(_lasting(one)) or known.get(one, one)
        count += re.fullmatch("[0-9a-f]{64}", sha256) is not None and opened.remove(sha256)
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
    print_rows(rows)


def _graphs(load: Callable[[], SightGraph]) -> Callable[[str], dict[str, Any]]:
    from pipelines.batch.photo_files import PhotoFiles

    sightgraph, photographs = load(), PhotoFiles()
    return lambda photo: {"graph": sightgraph.graph(photographs.open(photo))}


def _lasting(photo: str) -> str:
    """Return the name by which a photograph is found from any folder."""
    from pipelines.batch.photo_files import is_uri

    return photo if photo.startswith("example:") or is_uri(photo) else os.path.abspath(photo)


def _digest(photo: str) -> str:
    """Return SHA-256 of a photograph's content; "" where it cannot be read."""
    from pipelines.batch.photo_files import PhotoFiles

    try:
        return PhotoFiles().digest(photo)
    except SightGraphError:
        return ""

"""sightgraph search: photographs by a text, and texts by a photograph."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from pipelines.cli.options import FILE, Group, check_targets, json_option
from pipelines.cli.output import print_columns, print_json, print_line

if TYPE_CHECKING:
    from pipelines.search.towers import Encoder


class FindGroup(Group):
    """A group in which what names no command is a query: `search "two dogs" --index INDEX`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["find", *args]
        return super().parse_args(ctx, args)


@click.group("search", cls=FindGroup)
def search() -> None:
    """Find photographs by a text, or texts by a photograph, and say why they match.

    \b
    sightgraph search index holiday/ -o holiday.index
    sightgraph search "two dogs playing in snow" --index holiday.index
    """


def towers_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --weights and --model."""
    weights = click.option(
        "--weights",
        type=FILE,
        metavar="DIR",
        help="What `train search` wrote, not the bundled one.",
    )
    model = click.option(
        "--model",
        "hub_model",
        metavar="MODEL",
        help="Vectors by CLIP, SigLIP or their like (Hugging Face id or folder); the graphs still "
        "say why.",
    )
    return weights(model(command))


def load_towers(weights: Path | None, hub_model: str | None) -> Encoder:
    """Return what encodes photographs and texts.

    Raises:
        SightGraphError: there are no such weights, or no such model.
    """
    from pipelines.search.towers import Towers, bundled_frequencies, bundled_weights

    if hub_model is None:
        return Towers(weights)
    from pipelines.search.hub import HubTowers

    return HubTowers(hub_model, bundled_weights(weights), bundled_frequencies(weights))


@search.command()
@click.argument("photos", nargs=-1)
@click.option("--texts", type=FILE, metavar="FILE", help="Index its lines instead of photographs.")
@click.option(
    "-o", "--output", required=True, type=FILE, metavar="INDEX", help="The folder of the index."
)
@towers_options
def index(
    photos: tuple[str, ...],
    texts: Path | None,
    output: Path,
    weights: Path | None,
    hub_model: str | None,
) -> None:
    """Index PHOTOS: files, folders, patterns or lists. What is there and unchanged is kept.

    \b
    sightgraph search index holiday/ -o holiday.index
    sightgraph search index --texts captions.txt -o captions.index
    """
    if bool(photos) == (texts is not None):
        raise SightGraphError("give either photographs or --texts FILE.")
    if texts is not None:
        lines = _lines(texts)
        from pipelines.search.library import Library

        towers = load_towers(weights, hub_model)
        added = Library(output, "texts", towers, create=True).add_texts(lines)
        print_line(f"{added} added, {len(lines) - added} were there")
        return
    from pipelines.batch.photographs import find_photographs

    found = find_photographs(photos)
    from pipelines.progress import track
    from pipelines.search.library import Library
    from pipelines.sightgraph import SightGraph

    library = Library(output, "photographs", load_towers(weights, hub_model), create=True)
    failed = 0
    adding = library.add_photographs(SightGraph.from_pretrained(), found)
    for name, problem in zip(found, track(adding, "looking", len(found)), strict=True):
        if problem:
            failed += 1
            click.echo(f"sightgraph: {name}: {problem}", err=True)
    added = library.written
    print_line(f"{added} added, {len(found) - added - failed} were there, {failed} errors")
    if failed:
        raise SightGraphError(f"{failed} of {len(found)} could not be indexed.")


def _lines(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SightGraphError(f"the texts in '{file}' cannot be read: {error}.") from error
    texts = [line.strip() for line in lines if line.strip()]
    if not texts:
        raise SightGraphError(f"'{file}' holds no text. Write one a line.")
    return texts


@search.command()
@click.argument("query")
@click.option(
    "--index", "folder", required=True, type=FILE, metavar="INDEX", help="What is searched."
)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option(
    "-o", "--output", "page", type=FILE, metavar="FILE.html", help="Also write a page of pictures."
)
@towers_options
@json_option
def find(
    query: str,
    folder: Path,
    limit: int,
    page: Path | None,
    weights: Path | None,
    hub_model: str | None,
    as_json: bool,
) -> None:
    """Find what fits QUERY best: a text, a photograph, or example:NAME.

    \b
    sightgraph search "two dogs playing in snow" --index holiday.index
    sightgraph search example:cat --index captions.index -o found.html
    """
    from pipelines.search.library import Library, kind_of

    kind = kind_of(folder)
    is_photograph = query.startswith("example:") or os.path.isfile(query)
    if page is not None:
        if kind == "texts" and not is_photograph:
            raise SightGraphError(
                f"'{folder}' holds texts, and a text is searched: there is no picture for a page."
            )
        check_targets([page], [".html"])
    from pipelines.photo import Photo

    photo = Photo.open(query) if is_photograph else None

    library = Library(folder, kind, load_towers(weights, hub_model))
    if photo is not None:
        from pipelines.sightgraph import SightGraph

        eyes = SightGraph.from_pretrained(remember=True)
        found = library.find_by_photograph(photo, eyes, limit)
    else:
        from pipelines.reading.parser import Parser, check_text

        check_text(query)
        found = library.find_by_text(query, Parser(), limit)
    if page is not None:
        from pipelines.batch.report import write_report

        rows = [one.as_row(query, kind) for one in found]
        write_report(rows, page, query, f"the best {len(rows)} of {len(library)} {kind}")
    if as_json:
        print_json([one.as_json() for one in found])
        return
    print_columns([(one.id, f"{one.score:.2f}", one.why) for one in found])


@search.command()
@click.argument("names", nargs=-1, required=True)
@click.option(
    "--index", "folder", required=True, type=FILE, metavar="INDEX", help="What it is removed from."
)
@towers_options
def remove(
    names: tuple[str, ...], folder: Path, weights: Path | None, hub_model: str | None
) -> None:
    """Remove NAMES, photographs or texts as `find` lists them, from an index."""
    from pipelines.search.library import Library, kind_of

    removed = Library(folder, kind_of(folder), load_towers(weights, hub_model)).remove(names)
    print_line(f"{removed} removed, {len(names) - removed} were not there")

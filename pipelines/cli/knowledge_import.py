"""sightgraph kg import: knowledge from elsewhere into a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.options import FILE
from pipelines.cli.output import print_line

if TYPE_CHECKING:
    from kg.knowledge.store_import import Progress


@click.command("import")
@click.argument("source", type=FILE)
@click.option(
    "-o", "--output", "store", required=True, type=FILE, metavar="STORE", help="The store's folder."
)
@click.option(
    "--format",
    "format_",
    metavar="NAME",
    help="rdf, conceptnet, wordnet, wikidata, tsv or graphml; found out from SOURCE if left out.",
)
@click.option("--name", help="What the source is called; its file name if left out.")
@click.option("--strict", is_flag=True, help="End at the first bad line instead of skipping it.")
@click.option("--language", default="en", show_default=True, help="The language of names.")
@click.option(
    "--relations", metavar="ID,ID", help="Only these relations, e.g. Wikidata's P31,P279,P527."
)
def import_(
    source: Path,
    store: Path,
    format_: str | None,
    name: str | None,
    strict: bool,
    language: str,
    relations: str | None,
) -> None:
    """Bring SOURCE into a store: RDF, ConceptNet, WordNet, Wikidata, a table, or GraphML.

    What the store held of other sources stays; a source of the same name is replaced. An import
    that fails or is killed leaves the store as it was.

    \b
    sightgraph kg import museum.ttl -o museum.store
    sightgraph kg import conceptnet-assertions-5.7.0.csv.gz -o common.store
    sightgraph ask photo.jpg "Who made this?" --kg museum.store
    """
    from kg.knowledge.store_import import import_source
    from kg.sources import Choice

    choice = Choice(language, tuple(relations.split(",")) if relations else ())
    with _progress() as progress:
        done = import_source(source, store, format_, name, choice, strict, progress)
    for problem in done.problems:
        print_line((f"skipped: {problem}", "dim"))
    if done.source.skipped > len(done.problems):
        print_line((f"and {done.source.skipped - len(done.problems):,} more", "dim"))
    print_line(
        f"{done.source.statements:,} statements of '{done.source.name}' read as "
        f"{done.source.format}, {done.source.skipped:,} lines skipped; the store holds "
        f"{done.facts:,} facts"
    )


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield a callback that draws a bar for each step, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {name: bars.add_task(name, total=None, start=False) for name in ("read", "index")}

        def advance(step: str, done: int, total: int) -> None:
            bars.start_task(tasks[step])
            bars.update(tasks[step], completed=done, total=total)

        yield advance

"""sightgraph kg: a look into what is known, and the import of knowledge from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError
from pipelines.cli.eyes import Eyes, eyes_options
from pipelines.cli.options import (
    FILE,
    Group,
    json_option,
)
from pipelines.cli.output import print_columns, print_json, print_line, print_rows
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options

if TYPE_CHECKING:
    from kg.knowledge.store_import import Progress


@click.group("kg", cls=Group)
def knowledge() -> None:
    """Look into the knowledge: bundled, and of your own with --kg."""


@knowledge.command()
@knowledge_options
@json_option
def stats(own_knowledge: OwnKnowledge, as_json: bool) -> None:
    """Count concepts, aliases, relations and facts."""
    counts = own_knowledge.load().statistics()
    if as_json:
        print_json(counts)
    else:
        print_columns([(name, str(count)) for name, count in counts.items()])


@knowledge.command()
@click.argument("label")
@knowledge_options
@json_option
def link(label: str, own_knowledge: OwnKnowledge, as_json: bool) -> None:
    """Show which concepts LABEL may mean, best first; none is an answer too."""
    from kg.linking import Linker

    found = Linker(own_knowledge.load()).link(label, head=True)
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        print_columns([(one.label, f"{one.score:.2f}", one.how, one.concept) for one in found])
    else:
        print_line(f"nothing is known under '{label}'")


@knowledge.command()
@click.argument("label")
@click.option("--own", is_flag=True, help="Leave out what holds of its categories.")
@knowledge_options
@json_option
def facts(label: str, own: bool, own_knowledge: OwnKnowledge, as_json: bool) -> None:
    """Show what is known of LABEL, from where, and through which category."""
    from kg.linking import Linker

    known = own_knowledge.load()
    found = Linker(known).best(label)
    if not found:
        raise SightGraphError(
            f"nothing is known under '{label}'. Try another word, or bring knowledge with --kg."
        )
    rows = [
        {
            "subject": one.label,
            "relation": known.relations[fact.relation].label,
            "object": known.label(fact.object),
            "source": fact.source,
            "via": [known.label(category) for category in fact.via],
        }
        for one in found
        for fact in known.facts(one.concept, inherited=not own)
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        print_line(f"'{found[0].label}' is known, but nothing is stated of it")
    print_columns(
        [
            (
                str(row["subject"]),
                str(row["relation"]),
                str(row["object"]),
                str(row["source"]) + "".join(f" < {name}" for name in row["via"]),
            )
            for row in rows
        ]
    )


@knowledge.command()
@click.argument("sparql")
@click.option(
    "--photo",
    metavar="PHOTO",
    help="Ask the graph of this photograph too: an image file or example:NAME.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.1),
    default=30.0,
    show_default=True,
    help="End the query after this time.",
)
@knowledge_options
@eyes_options
@json_option
def query(
    sparql: str,
    photo: str | None,
    seconds: float,
    own_knowledge: OwnKnowledge,
    eyes: Eyes,
    as_json: bool,
) -> None:
    """Run a SPARQL query (SELECT or ASK) over the knowledge; prints lines with tabs.

    Known prefixes: sg (concepts), sgo (relations), skos, rdfs, owl, cn and cnr (ConceptNet), and
    with --photo scene and rel (relations in the photograph).

    \b
    sightgraph kg query --photo example:coffee 'SELECT ?name WHERE { ?object a sgo:Object ;
      rdfs:label ?name ; rel:means / skos:broader* / sgo:madeOf sg:metal }'
    """
    known = own_knowledge.load()
    beside = []
    if photo is not None:
        from kg.formats.rdf import as_rdf

        scene = eyes.load(known).graph(photo)
        beside.append(as_rdf(scene))
    rows = known.query(sparql, seconds, beside)
    if as_json:
        print_json(rows)
        return
    print_rows(rows)


@knowledge.command("import")
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
@click.option(
    "--memory",
    type=int,
    default=256,
    show_default=True,
    metavar="MIB",
    help="Memory for loading and sorting; the names come on top of it.",
)
def import_(
    source: Path,
    store: Path,
    format_: str | None,
    name: str | None,
    strict: bool,
    language: str,
    relations: str | None,
    memory: int,
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
        done = import_source(source, store, format_, name, choice, strict, progress, memory)
    for problem in done.problems:
        print_line((f"skipped: {problem}", "dim"))
    if done.source.skipped > len(done.problems):
        print_line((f"and {done.source.skipped - len(done.problems):,} more", "dim"))
    if done.replaced:
        print_line((f"what the store held of '{done.source.name}' is replaced", "dim"))
    print_line(
        f"{done.source.statements:,} statements of '{done.source.name}' read as "
        f"{done.source.format}, {done.source.skipped:,} lines skipped; the store holds "
        f"{done.facts:,} facts" + (f"; left out: {done.left_out}" if done.left_out else "")
    )


@knowledge.command()
@click.argument("store", type=FILE)
def check(store: Path) -> None:
    """Compare all files of STORE with the checksums that its import wrote.

    \b
    sightgraph kg check common.store
    """
    from kg.knowledge.integrity import check_generation
    from kg.knowledge.store import Store, current_generation

    opened = Store(store)
    generation = current_generation(store)
    if generation is None or not opened.has_checksums:
        raise SightGraphError(
            f"the store in '{store}' is from a version without checksums. Import its sources again."
        )
    files = check_generation(generation, everything=True)
    print_line(f"{files} files are as the import wrote them")


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield a callback that draws a bar for each step, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {
            name: bars.add_task(name, total=None, start=False) for name in ("read", "load", "index")
        }

        def advance(step: str, done: int, total: int) -> None:
            bars.start_task(tasks[step])
            bars.update(tasks[step], completed=done, total=total)

        yield advance

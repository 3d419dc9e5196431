"""sightgraph kg: a look into what is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from kg.errors import SightGraphError
from pipelines.cli.knowledge_import import import_
from pipelines.cli.options import (
    detector_options,
    json_option,
    knowledge_options,
    load_knowledge,
    load_sightgraph,
)
from pipelines.cli.output import print_columns, print_json, print_line


@click.group("kg")
def knowledge() -> None:
    """Look into the knowledge: bundled, and of your own with --kg."""


knowledge.add_command(import_)


@knowledge.command()
@knowledge_options
@json_option
def stats(knowledge_files: tuple[str, ...], only_kg: bool, as_json: bool) -> None:
    """Count concepts, aliases, relations and facts."""
    counts = load_knowledge(knowledge_files, only_kg).statistics()
    if as_json:
        print_json(counts)
    else:
        print_columns([(name, str(count)) for name, count in counts.items()])


@knowledge.command()
@click.argument("label")
@knowledge_options
@json_option
def link(label: str, knowledge_files: tuple[str, ...], only_kg: bool, as_json: bool) -> None:
    """Show which concepts LABEL may mean, best first; none is an answer too."""
    from kg.linking import Linker

    found = Linker(load_knowledge(knowledge_files, only_kg)).link(label, head=True)
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
def facts(
    label: str, own: bool, knowledge_files: tuple[str, ...], only_kg: bool, as_json: bool
) -> None:
    """Show what is known of LABEL, from where, and through which category."""
    from kg.linking import Linker

    known = load_knowledge(knowledge_files, only_kg)
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
@detector_options
@json_option
def query(
    sparql: str,
    photo: str | None,
    seconds: float,
    knowledge_files: tuple[str, ...],
    only_kg: bool,
    detector: str | None,
    weights: Path | None,
    detections: Path | None,
    as_json: bool,
) -> None:
    """Run a SPARQL query (SELECT or ASK) over the knowledge; prints lines with tabs.

    Known prefixes: sg (concepts), sgo (relations), skos, rdfs, owl, cn and cnr (ConceptNet), and
    with --photo scene and rel (relations in the photograph).

    \b
    sightgraph kg query --photo example:coffee 'SELECT ?name WHERE { ?object a sgo:Object ;
      rdfs:label ?name ; rel:means / skos:broader* / sgo:madeOf sg:metal }'
    """
    known = load_knowledge(knowledge_files, only_kg)
    beside = []
    if photo is not None:
        from kg.formats.rdf import as_rdf

        scene = load_sightgraph(detector, weights, detections, known).graph(photo)
        beside.append(as_rdf(scene))
    rows = known.query(sparql, seconds, beside)
    if as_json:
        print_json(rows)
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    if names:
        print_line("\t".join(names))
    for row in rows:
        print_line("\t".join(row.get(name, "") for name in names))

"""sightgraph parse: how a sentence is read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from pipelines.cli.options import Command, json_option
from pipelines.cli.output import print_columns, print_json, print_line
from pipelines.reading.parser import DEFAULT_READER

if TYPE_CHECKING:
    from pipelines.reading.parser import Constraint, Sentence


@click.command(cls=Command)
@click.argument("sentence")
@click.option(
    "--caption-reader",
    "reader",
    default=DEFAULT_READER,
    show_default=True,
    metavar="NAME",
    help="How statements are read: rules or trained.",
)
@json_option
def parse(sentence: str, reader: str, as_json: bool) -> None:
    """Show how SENTENCE is read: entities, relations, and what it asks for.

    \b
    sightgraph parse "What is the red cup on the table used for?"
    """
    if not sentence.strip():
        raise SightGraphError('the sentence is empty. Write, for example, "a cat on a red couch".')
    from pipelines.reading.parser import Parser

    read = Parser(reader=reader)(sentence)
    if as_json:
        print_json(sentence_json(read))
    else:
        _print_sentence(read)


def sentence_json(sentence: Sentence) -> dict[str, Any]:
    """Return the sentence as plain JSON values, tokens included."""
    return asdict(sentence)


def _print_sentence(sentence: Sentence) -> None:
    print_line((sentence.text, "bold"))
    names = [entity.text for entity in sentence.entities]
    for title, rows in (
        (
            "entities",
            [(one.text, f"{one.start}-{one.end}", one.lemma) for one in sentence.entities],
        ),
        (
            "attributes",
            [
                (said.text, f"{said.start}-{said.end}", f"of {entity.text}")
                for entity in sentence.entities
                for said in entity.attributes
            ],
        ),
        (
            "relations",
            [(names[r.subject], r.predicate, names[r.object]) for r in sentence.relations],
        ),
    ):
        if rows:
            print_line(("  " + title, "dim"))
            print_columns(rows, indent="    ")
    if sentence.question is not None:
        asked = sentence.question
        compared = [asked.comparison] if asked.comparison else []
        print_line(("  question", "dim"))
        print_columns(
            [
                ("focus", asked.focus or "-"),
                ("answer type", asked.answer_type),
                ("relation", asked.relation or "-"),
                ("topic", "-" if asked.topic is None else names[asked.topic]),
                ("steps", " > ".join(asked.steps) or "-"),
                *[("where", _constraint(one, names)) for one in asked.constraints],
                *[("compare", f"{one.compared}, {one.end_of_scale}") for one in compared],
            ],
            indent="    ",
        )


def _constraint(one: Constraint, names: list[str]) -> str:
    said = one.value if one.other is None else f"{one.value} {names[one.other]}"
    owner = "" if one.entity is None else f" ({names[one.entity]})"
    return f"{one.kind}: {said}{owner}"

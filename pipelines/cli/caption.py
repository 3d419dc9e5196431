"""sightgraph caption: a sentence about a photograph, and what in the graph it rests on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.cli.options import (
    FILE,
    Command,
    check_targets,
    json_option,
    targets_option,
)
from pipelines.cli.output import box_text, print_columns, print_json, print_line
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options

if TYPE_CHECKING:
    from pipelines.captioning.captioner import Caption, Phrase


@click.command(cls=Command)
@click.argument("photo")
@click.option(
    "--beams",
    type=click.IntRange(min=1, max=50),
    default=5,
    show_default=True,
    help="Sentences that are kept while writing.",
)
@click.option(
    "--style",
    type=click.Choice(["usual", "short", "detailed"]),
    default="usual",
    show_default=True,
    help="As people write, or shorter or longer than most.",
)
@click.option(
    "--model",
    "hub_model",
    metavar="MODEL",
    help="Let a Hugging Face captioner (id or folder) write; the graph still says what it holds.",
)
@click.option(
    "--weights", type=FILE, metavar="DIR", help="What `train captions` wrote, not the bundled one."
)
@knowledge_options
@targets_option("-o", "--output", about="Also write the graph with the caption; format by ending.")
@json_option
def caption(
    photo: str,
    beams: int,
    style: str,
    hub_model: str | None,
    weights: Path | None,
    own_knowledge: OwnKnowledge,
    targets: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Write a sentence about PHOTO, and say what in the graph it rests on.

    \b
    sightgraph caption example:cat
    sightgraph caption holiday.jpg --style detailed -o holiday.html
    """
    from kg.formats import EXPORTERS, Highlights, export

    check_targets(targets, EXPORTERS)
    from pipelines.photo import Photo

    opened = Photo.open(photo)
    knowledge = own_knowledge.load()
    from pipelines.captioning.captioner import Captioner, describe
    from pipelines.captioning.hub import HubCaptioner
    from pipelines.sightgraph import SightGraph

    sightgraph = SightGraph.from_pretrained(knowledge=knowledge, remember=True)
    writer = HubCaptioner(hub_model) if hub_model else Captioner(weights)
    found = describe(sightgraph, writer, opened, beams, style)
    if as_json:
        print_json(found.as_json())
    else:
        print_caption(found)
    seen = {node.id for one in found.phrases for node in one.nodes}
    view = Highlights(title=found.text, subtitle=opened.source, nodes=frozenset(seen))
    export(found.graph, targets, image=opened.image, view=view)


def print_caption(found: Caption) -> None:
    """Print the sentence, and below it what of the graph each of its things is."""
    print_line((found.text, "bold green"))
    print_columns([(one.text, *_rests_on(one)) for one in found.phrases], indent="  ")


def _rests_on(phrase: Phrase) -> tuple[str, str]:
    if not phrase.held:
        return "not in the graph", ""
    best = phrase.nodes[0]
    where = "the whole photograph" if best.box is None else box_text(best.box)
    more = f" and {len(phrase.nodes) - 1} more" if len(phrase.nodes) > 1 else ""
    return f"{best.label} {best.score:.2f}", where + more

"""sightgraph draw: a picture of a text, and the graph of what is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.files import check_writable, write_text
from pipelines.cli.options import (
    FILE,
    MANY_FILES,
    Command,
    check_targets,
    json_option,
    targets_option,
)
from pipelines.cli.output import box_text, print_columns, print_json, print_line
from pipelines.cli.own_knowledge import OwnKnowledge, knowledge_options

if TYPE_CHECKING:
    from pipelines.drawing.drawer import Drawer, Drawing
    from pipelines.drawing.patches import Patches

MIN_SCORE = 0.6
"""Of an object of an index from which it is cut out."""


@click.command(cls=Command)
@click.argument("text")
@targets_option("-o", "--output", about="The picture: .png or .svg.")
@click.option(
    "--graph",
    "graphs",
    multiple=True,
    type=FILE,
    metavar=MANY_FILES,
    help="Also write the graph with its boxes; format by ending. All names up to the next option "
    "are taken.",
)
@click.option("--boxes", type=FILE, metavar="FILE", help="Also write boxes and relations as JSON.")
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**31),
    default=0,
    show_default=True,
    help="Same seed, same picture; another one, another layout.",
)
@click.option(
    "--patches",
    "source",
    type=FILE,
    metavar="PATH",
    help="Cut things from these photographs: a folder with annotations, such as COCO's, or an "
    "index of `search`. Their licences hold for the picture.",
)
@click.option(
    "--generator",
    "generator_model",
    metavar="MODEL",
    help="Let a diffusers model (id or folder) paint: by boxes if it takes them, else by the text.",
)
@click.option(
    "--weights", type=FILE, metavar="DIR", help="What `train layout` wrote, not the bundled one."
)
@knowledge_options
@json_option
def draw(
    text: str,
    targets: tuple[Path, ...],
    graphs: tuple[Path, ...],
    boxes: Path | None,
    seed: int,
    source: Path | None,
    generator_model: str | None,
    weights: Path | None,
    own_knowledge: OwnKnowledge,
    as_json: bool,
) -> None:
    """Draw a picture of TEXT, and say whether what it says holds in it.

    \b
    sightgraph draw "a dog under a table next to a red ball" -o dog.svg
    sightgraph draw "two cats on a sofa" -o cats.png --graph cats.html --patches photographs/
    """
    from kg.formats import EXPORTERS, Highlights, export

    check_targets(targets, (".png", ".svg"))
    check_targets(graphs, EXPORTERS)
    if boxes is not None:
        check_writable(boxes)
    from pipelines.reading.language import check_english
    from pipelines.reading.parser import check_text

    check_text(text)
    check_english(text, "text")
    knowledge = own_knowledge.load()
    from pipelines.build.builder import GraphBuilder
    from pipelines.build.retrieval import split
    from pipelines.drawing.drawer import Drawer
    from pipelines.drawing.generator import Generator

    drawer = Drawer(GraphBuilder(split(knowledge)[0]), layouts=weights)
    drawer.scene(text)  # what is wrong with the text is said before anything else loads
    pieces = None if source is None else read_pieces(source, drawer)
    generator = None if generator_model is None else Generator(generator_model)
    found = drawer(text, seed, pieces, generator)
    for target in targets:
        found.save(target)
    view = Highlights(title=text, subtitle="drawn")
    export(found.graph, graphs, image=found.image if graphs else None, view=view)
    if boxes is not None:
        write_text(boxes, json.dumps(found.as_json(), indent=1) + "\n")
    if as_json:
        print_json(found.as_json())
    else:
        print_drawing(found)


def print_drawing(found: Drawing) -> None:
    """Print each thing with its box, and each relation with whether it holds."""
    layout = found.layout
    rows = []
    for at, (thing, box) in enumerate(zip(layout.scene.things, layout.boxes, strict=True)):
        words = " ".join(one for one in (thing.colour, thing.name) if one)
        patch = found.patches.get(at)
        rows.append((words, box_text(box), "" if patch is None else f"from {patch.file.name}"))
    print_columns(rows)
    for one in layout.scene.said:
        right = layout.holds(one)
        mark = ("holds", "green") if right else ("does not hold", "red")
        print_line("  ", layout.scene.sentence_of(one), ": ", mark)


def read_pieces(source: Path, drawer: Drawer) -> Patches:
    """Return the pieces of photographs with annotations, or of those of an index of `search`.

    Raises:
        SightGraphError: there are none.
    """
    from pipelines.drawing.patches import Patch, Patches, read_patches
    from pipelines.search.library import is_library, shown_photographs

    if is_library(source):
        pieces = [
            Patch(thing.label, Path(name), thing.box)
            for name, shown in shown_photographs(source)
            for thing in shown.things
            if thing.box is not None and thing.score >= MIN_SCORE and Path(name).is_file()
        ]
    else:
        pieces = read_patches(source)
    return Patches(pieces, drawer.builder.knowledge, drawer.linker)

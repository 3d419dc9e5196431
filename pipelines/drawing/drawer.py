"""Pictures from text: text -> scene graph -> layout -> drawing, with the graph of what is drawn."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from PIL import Image

from kg.errors import SightGraphError
from kg.files import atomic_path
from kg.graph import Box, PhotoInfo, SceneGraph
from kg.linking import Linker
from pipelines.build.builder import GraphBuilder
from pipelines.detections import (
    HAS_COLOUR,
    HAS_SIZE,
    Detection,
    PerceivedAttribute,
    PerceivedRelation,
    PerceptionResult,
)
from pipelines.drawing.generator import Generator
from pipelines.drawing.layout import Layout, LayoutMaker
from pipelines.drawing.patches import Patch, Patches, cut, softened
from pipelines.drawing.scene import DrawnScene, scene_of, which_under
from pipelines.drawing.shapes import Mark, Painter, labels_of, pixels, svg
from pipelines.reading.language import check_english
from pipelines.reading.parser import Parser, check_text
from pipelines.seeing.classifiers import RelationClassifier

ORIGIN = "drawing"
READER = "rules"
"""Reads the text. The trained reader follows captions, in which "a cup on a table next to a lamp"
may relate all three; on the development sentences the rules kept more of what was said."""
FORMATS = (".png", ".svg")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a text.

    graph: its things with boxes, the words of the text, and what is known of both.
    patches: the piece of a photograph that stands for a thing, by the thing's number.
    """

    layout: Layout
    marks: tuple[Mark, ...]
    graph: SceneGraph
    patches: Mapping[int, Patch]

    @property
    def svg(self) -> str:
        """The picture as SVG."""
        layout = self.layout
        return svg(self.marks, layout.width, layout.height, layout.scene.sentence.text)

    @property
    def image(self) -> Image.Image:
        """The picture as pixels, RGB."""
        return pixels(self.marks, self.layout.width, self.layout.height)

    def save(self, target: Path) -> None:
        """Write the picture; its format goes by the ending.

        Raises:
            SightGraphError: the ending is neither .png nor .svg, or the file cannot be written.
        """
        ending = target.suffix.lower()
        if ending not in FORMATS:
            raise SightGraphError(
                f"cannot draw '{target}': its ending '{ending}' names no format. Known: "
                f"{', '.join(FORMATS)}."
            )
        with atomic_path(target) as path:
            path.write_bytes(self.svg.encode() if ending == ".svg" else self.png())

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        buffer = io.BytesIO()
        self.image.save(buffer, "PNG")
        return buffer.getvalue()

    def as_json(self) -> dict[str, Any]:
        """Return boxes and relations as plain values, and where the patches are from."""
        found = self.layout.as_json()
        for number, patch in self.patches.items():
            found["things"][number]["patch"] = {"file": patch.file.name, "box": list(patch.box)}
        return found


class Drawer:
    """Draws texts; parser and network load on first use.

    builder: makes the graphs, with its knowledge. parser: reads the texts; by rules by default.
    layouts: a folder that `sightgraph train layout` wrote; the bundled one by default.
    """

    def __init__(
        self, builder: GraphBuilder, parser: Parser | None = None, layouts: Path | None = None
    ) -> None:
        self.builder = builder
        self.parser = parser or Parser(reader=READER)
        self.linker = Linker(builder.knowledge)
        self.layouts = LayoutMaker(builder.knowledge, self.linker, layouts)

    @cached_property
    def _relations(self) -> RelationClassifier:
        """Knows by names what is usually on or in what."""
        return RelationClassifier(encoder=self.layouts.encoder)

    def carries(self, lower: str, upper: str) -> bool:
        """Return whether a thing usually carries or holds another, by what captions say of them."""
        nouns = (one.split()[-1] for one in (lower, upper))
        pair = [Detection(one, 1.0, ORIGIN, Box(0, 0, 1, 1)) for one in nouns]
        found = self._relations.supports(pair)
        up, down = found[1, 0], found[0, 1]
        return up.on + up.inside > max(down.on, down.inside)

    def meant(self, subject: str, place: str, other: str) -> str:
        """Return what a place means of two things: "under" has three meanings."""
        return which_under(subject, other, self.carries) if place == "under" else place

    @cached_property
    def painter(self) -> Painter:
        """Draws the shapes."""
        return Painter(self.builder.knowledge, self.linker)

    def scene(self, text: str) -> DrawnScene:
        """Return what a text says is to be drawn.

        Raises:
            SightGraphError: the text is empty, too long, not English or contradicts itself, or it
                names nothing that can be drawn, or too much.
        """
        check_text(text)
        check_english(text, "text")
        return scene_of(self.parser(text), self.linker, self.carries)

    def __call__(
        self,
        text: str,
        seed: int = 0,
        patches: Patches | None = None,
        generator: Generator | None = None,
    ) -> Drawing:
        """Draw a text; the same text and seed give the same bytes.

        patches: pieces of photographs, for the things that it has. generator: paints the picture.

        Raises:
            SightGraphError: as `scene`.
        """
        layout = self.layouts(self.scene(text), seed)
        chosen = {} if patches is None else _chosen(layout, patches, seed)
        if generator is not None:
            whole = (0.0, 0.0, float(layout.width), float(layout.height))
            marks = [Mark("image", whole, image=generator(layout, seed)), *labels_of(layout)]
        else:
            pieces = {
                at: softened(cut(patch), round(box.width), round(box.height))
                for at, patch in chosen.items()
                for box in [layout.boxes[at]]
            }
            marks = self.painter.marks(layout, pieces)
        return Drawing(layout, tuple(marks), self.graph(layout), chosen)

    def graph(self, layout: Layout) -> SceneGraph:
        """Return the graph of a layout: the i-th thing is the node `object:i`."""
        scene = layout.scene
        things = [
            Detection(one.name, 1.0, ORIGIN, box)
            for one, box in zip(scene.things, layout.boxes, strict=True)
        ]
        attributes = []
        for one in scene.things:
            words = [(HAS_COLOUR, one.colour)] if one.colour else []
            words += [(HAS_SIZE, "large" if one.size > 0 else "small")] if one.size else []
            attributes.append(
                tuple(PerceivedAttribute(relation, word, 1.0, ORIGIN) for relation, word in words)
            )
        relations = tuple(
            PerceivedRelation(one.subject, one.predicate, one.object, 1.0, ORIGIN)
            for one in scene.said
            if layout.holds(one)
        )
        content = repr((scene.sentence.text, layout.boxes, layout.order)).encode()
        photo = PhotoInfo(ORIGIN, layout.width, layout.height, sha256(content).hexdigest())
        perceived = PerceptionResult(tuple(attributes), relations)
        return self.builder(things, photo, scene.sentence, perceived)


def _chosen(layout: Layout, patches: Patches, seed: int) -> dict[int, Patch]:
    chance = random.Random(seed)
    found = {}
    for at, (thing, box) in enumerate(zip(layout.scene.things, layout.boxes, strict=True)):
        patch = None if thing.background else patches.choose(thing.name, box, chance)
        if patch is not None:
            found[at] = patch
    return found

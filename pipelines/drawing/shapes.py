"""A layout as a drawing of simple shapes: SVG, and the same shapes as pixels.

Both are made from one list of coloured polygons, ellipses, lines and labels. Texts are escaped,
and numbers are written in one way, so that the same layout gives the same bytes.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

import yaml  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFont

from kg.files import bundled
from kg.graph import Box
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from pipelines.drawing.colours import colour_of, mixed
from pipelines.drawing.layout import Layout
from pipelines.drawing.scene import DrawnThing

PAPER, INK = "#fbfaf7", "#2f3b45"
OUTLINE = 1.2
"""Pixels of the line around a shape."""
LINE = 0.03
"""Width of the lines of a shape, as a share of the smaller side of its box."""
SHADE = 0.28
"""How far a darker or lighter colour lies from the colour of a thing."""
LETTERS = 12
"""Pixels of a label."""
FINER = 3
"""Pixels are painted so many times as fine, and then averaged."""
LONGEST_LABEL = 40
MAX_MOVES = 8
"""Lines by which a label is moved down from another one."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Mark:
    """One coloured form, or a piece of a picture.

    kind: polygon, ellipse, line, label or image. points: in pixels; for an ellipse and an image
    the box, for a label its left end on the base line. image: RGB or RGBA, in the box's size.
    """

    kind: str
    points: tuple[float, ...]
    colour: str = INK
    width: float = 0.0
    text: str = ""
    image: Image.Image | None = field(default=None, compare=False)


class Painter:
    """Draws layouts; a thing without a shape of its own is drawn as a category of it.

    knowledge, linker: say what a thing is.
    """

    def __init__(self, knowledge: KnowledgeGraph, linker: Linker) -> None:
        self.knowledge, self.linker = knowledge, linker

    def marks(self, layout: Layout, pieces: Mapping[int, Image.Image] | None = None) -> list[Mark]:
        """Return the marks of a layout, the farthest first, with labels above all.

        pieces: pictures that stand for some things, in the sizes of their boxes.
        """
        found: list[Mark] = []
        for at in layout.order:
            piece = (pieces or {}).get(at)
            if piece is None:
                found += self._thing(layout.scene.things[at], layout.boxes[at])
            else:
                found.append(Mark("image", tuple(layout.boxes[at]), image=piece))
        return found + labels_of(layout)

    def shape_of(self, name: str) -> str:
        """Return the name of the shape that a thing is drawn with."""
        names = shape_names()
        if name in names:
            return names[name]
        if name.split()[-1:] and name.split()[-1] in names:
            return names[name.split()[-1]]
        links = self.linker.best(name, head=True)
        if links:
            concept = links[0].concept
            for one in (concept, *self.knowledge.categories(concept)):
                if self.knowledge.label(one) in names:
                    return names[self.knowledge.label(one)]
        return "other"

    def _thing(self, thing: DrawnThing, box: Box) -> Iterator[Mark]:
        shape = shapes()[self.shape_of(thing.name)]
        usual = shape.get("colours", {}).get(thing.name, shape["colour"])
        main = (colour_of(thing.colour) if thing.colour else None) or usual
        shades = {
            "main": main,
            "dark": mixed(main, "#000000", SHADE),
            "light": mixed(main, "#ffffff", 1.4 * SHADE),
        }
        for part in shape["parts"]:
            colour = shades.get(part["fill"], part["fill"])
            yield _mark(part, box, colour)


def _mark(part: Mapping[str, Any], box: Box, colour: str) -> Mark:
    def points(values: Sequence[float]) -> tuple[float, ...]:
        ends = ((box.x1, box.width), (box.y1, box.height))
        return tuple(ends[at % 2][0] + value * ends[at % 2][1] for at, value in enumerate(values))

    if "ellipse" in part:
        x, y, across, down = part["ellipse"]
        return Mark("ellipse", points((x - across, y - down, x + across, y + down)), colour)
    if "rectangle" in part:
        x1, y1, x2, y2 = part["rectangle"]
        return Mark("polygon", points((x1, y1, x2, y1, x2, y2, x1, y2)), colour)
    if "line" in part:
        width = max(LINE * min(box.width, box.height), 1.5)
        return Mark("line", points(part["line"]), colour, width)
    return Mark("polygon", points(part["polygon"]), colour)


def labels_of(layout: Layout) -> list[Mark]:
    """Return the labels of things that are no background; those of one name are numbered."""
    names = [one.name for one in layout.scene.things]
    found: list[Mark] = []
    for at in layout.order:
        if layout.scene.things[at].background is None:
            several = names.count(names[at]) > 1
            text = f"{names[at]} {names[: at + 1].count(names[at])}" if several else names[at]
            found.append(Mark("label", _free(layout.boxes[at], found), text=_plain(text)))
    return found


def _free(box: Box, labels: Sequence[Mark]) -> tuple[float, float]:
    """Return a place for a label above a box, or below its upper edge, that no label has taken."""
    x, y = box.x1 + 2, max(box.y1 - 4, float(LETTERS))
    for step in range(MAX_MOVES):
        place = (x, y + step * (LETTERS + 2))
        near = (abs(one.points[1] - place[1]) < LETTERS for one in labels if _beside(one, x))
        if not any(near):
            return place
    return x, y


def _beside(label: Mark, x: float) -> bool:
    return abs(label.points[0] - x) < LETTERS * 5


def _plain(text: str) -> str:
    """Return a text without what no XML may hold, of a length that a picture bears."""
    return _CONTROL.sub("", text)[:LONGEST_LABEL]


def svg(marks: Sequence[Mark], width: int, height: int, title: str = "") -> str:
    """Return a picture as SVG."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<title>{escape(_CONTROL.sub(' ', title))}</title>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
    ]
    return "\n".join([*lines, *map(_element, marks), "</svg>"]) + "\n"


def _element(mark: Mark) -> str:
    line = mixed(mark.colour, "#000000", 0.45)
    stroke = f'stroke="{line}" stroke-width="{OUTLINE}"'
    if mark.image is not None:
        x1, y1, x2, y2 = mark.points
        return (
            f'<image x="{x1:.2f}" y="{y1:.2f}" width="{x2 - x1:.2f}" height="{y2 - y1:.2f}" '
            f'preserveAspectRatio="none" href="{_data_url(mark.image)}"/>'
        )
    if mark.kind == "label":
        x, y = mark.points
        return (
            f'<text x="{x:.2f}" y="{y:.2f}" font-family="sans-serif" font-size="{LETTERS}" '
            f'fill="{mark.colour}" stroke="{PAPER}" stroke-width="3" paint-order="stroke">'
            f"{escape(mark.text)}</text>"
        )
    if mark.kind == "ellipse":
        x1, y1, x2, y2 = mark.points
        return (
            f'<ellipse cx="{(x1 + x2) / 2:.2f}" cy="{(y1 + y2) / 2:.2f}" rx="{(x2 - x1) / 2:.2f}" '
            f'ry="{(y2 - y1) / 2:.2f}" fill="{mark.colour}" {stroke}/>'
        )
    pairs = zip(mark.points[::2], mark.points[1::2], strict=True)
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in pairs)
    if mark.kind == "line":
        return (
            f'<polyline points="{points}" fill="none" stroke="{mark.colour}" '
            f'stroke-width="{mark.width:.2f}" stroke-linejoin="round" stroke-linecap="round"/>'
        )
    return f'<polygon points="{points}" fill="{mark.colour}" {stroke} stroke-linejoin="round"/>'


def _data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def pixels(marks: Sequence[Mark], width: int, height: int) -> Image.Image:
    """Return the same picture as pixels, RGB."""
    canvas = Image.new("RGB", (width * FINER, height * FINER), PAPER)
    draw = ImageDraw.Draw(canvas)
    for mark in marks:
        if mark.image is not None:
            x1, y1, x2, y2 = (round(one * FINER) for one in mark.points)
            large = mark.image.convert("RGBA").resize((max(x2 - x1, 1), max(y2 - y1, 1)))
            canvas.paste(large, (x1, y1), large)
        elif mark.kind != "label":
            _paint(draw, mark)
    small = canvas.resize((width, height), Image.Resampling.BOX)
    draw = ImageDraw.Draw(small)
    font = ImageFont.load_default(LETTERS)
    for mark in marks:
        if mark.kind == "label":
            draw.text(
                (mark.points[0], mark.points[1]),
                mark.text,
                fill=mark.colour,
                font=font,
                anchor="ls",
                stroke_width=2,
                stroke_fill=PAPER,
            )
    return small


def _paint(draw: ImageDraw.ImageDraw, mark: Mark) -> None:
    points = [one * FINER for one in mark.points]
    line = mixed(mark.colour, "#000000", 0.45)
    outline = round(OUTLINE * FINER)
    if mark.kind == "ellipse":
        draw.ellipse(points, fill=mark.colour, outline=line, width=outline)
    elif mark.kind == "line":
        draw.line(points, fill=mark.colour, width=round(mark.width * FINER), joint="curve")
    else:
        draw.polygon(points, fill=mark.colour, outline=line, width=outline)


@cache
def shapes() -> dict[str, Any]:
    """Return the content of data/drawing/shapes.yaml."""
    text = bundled("drawing", "shapes.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def shape_names() -> dict[str, str]:
    """Return the shape of each name that has one."""
    return {name: shape for shape, values in shapes().items() for name in values["of"]}

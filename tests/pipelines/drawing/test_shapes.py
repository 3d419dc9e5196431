"""pipelines/drawing/shapes: SVG that is safe, colours, shapes by category, and pixels alike."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Box
from pipelines.drawing.colours import colour_of
from pipelines.drawing.drawer import Drawer
from pipelines.drawing.layout import Layout
from pipelines.drawing.scene import DrawnScene, DrawnThing
from pipelines.drawing.shapes import Mark, labels_of, pixels, shape_names, shapes, svg
from pipelines.reading.sentence import Sentence


def layout_of(*names: str, colour: str | None = None) -> Layout:
    things = tuple(DrawnThing(one, at, colour) for at, one in enumerate(names))
    boxes = tuple(Box(50 * at, 40, 50 * at + 40, 100) for at in range(len(names)))
    return Layout(DrawnScene(Sentence(""), things, ()), 640, 480, boxes, tuple(range(len(names))))


@given(st.text(max_size=60), st.text(max_size=200))
def test_no_text_breaks_the_svg(name: str, title: str) -> None:
    written = svg(labels_of(layout_of(name)), 640, 480, title)
    root = ElementTree.fromstring(written)
    tags = {one.tag.rpartition("}")[2] for one in root.iter()}
    assert tags <= {"svg", "title", "rect", "text"}


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "&xxe;", "]]>", '" onload="x', "<!ENTITY a 'b'>"]
)
def test_hostile_texts_stay_texts(hostile: str) -> None:
    root = ElementTree.fromstring(svg(labels_of(layout_of(hostile)), 640, 480, hostile))
    texts = [one.text for one in root.iter() if one.tag.endswith(("text", "title"))]
    assert texts == [hostile, hostile]


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("dog", "four-legged"),
        ("beagle", "four-legged"),
        ("man", "person"),
        ("taxi", "car"),
        ("apple", "ball"),
        ("tennis ball", "ball"),
        ("xyzzy", "other"),
        ("beach", "earth"),
    ],
)
def test_things_are_drawn_as_themselves_or_as_their_category(
    drawer: Drawer, name: str, shape: str
) -> None:
    assert drawer.painter.shape_of(name) == shape


def test_a_colour_of_the_text_is_painted(drawer: Drawer) -> None:
    marks = drawer.painter.marks(layout_of("ball", colour="blue"))
    assert marks[0].colour == colour_of("blue")
    assert str(colour_of("blue")) in svg(marks, 640, 480)
    red, green, blue = pixels(marks, 640, 480).getpixel((20, 80))  # type: ignore[misc]
    assert blue > red
    assert blue > green


def test_every_shape_lies_in_its_box_and_has_a_name() -> None:
    for name, shape in shapes().items():
        assert {"of", "colour", "parts"} <= shape.keys() <= {"of", "colour", "colours", "parts"}
        for part in shape["parts"]:
            ((kind, values),) = [(key, one) for key, one in part.items() if key != "fill"]
            low, high = min(values), max(values)
            if kind == "ellipse":
                x, y, across, down = values
                low, high = min(x - across, y - down), max(x + across, y + down)
            assert -0.05 <= low <= high <= 1.05, (name, part)
    several = [one for shape in shapes().values() for one in shape["of"]]
    assert len(several) == len(set(several)) == len(shape_names())


def test_things_of_one_name_are_numbered_and_labels_apart() -> None:
    labels = labels_of(layout_of("dog", "dog", "cat"))
    assert [one.text for one in labels] == ["dog 1", "dog 2", "cat"]
    assert len({one.points for one in labels}) == 3


def test_the_same_marks_give_the_same_bytes() -> None:
    marks = [Mark("ellipse", (1.0, 2.0, 30.0, 40.0), "#ff0000"), Mark("label", (5, 20), text="a")]
    assert svg(marks, 64, 48) == svg(marks, 64, 48)
    assert pixels(marks, 64, 48).tobytes() == pixels(marks, 64, 48).tobytes()

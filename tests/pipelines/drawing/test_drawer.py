"""pipelines/drawing/drawer: from a text to a picture and its graph."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from kg.errors import SightGraphError
from kg.formats import EXPORTERS, IMPORTERS, export, read_graph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.drawing.drawer import Drawer
from pipelines.photo import Photo

TEXT = "a man riding a brown horse next to a small dog"


def test_the_graph_holds_things_with_boxes_words_and_what_is_known(drawer: Drawer) -> None:
    found = drawer(TEXT)
    graph = found.graph
    objects = graph.nodes(NodeKind.OBJECT)
    assert [one.label for one in objects] == ["man", "horse", "dog"]
    assert tuple(one.box for one in objects) == found.layout.boxes
    edges = {(one.source, one.relation, one.target) for one in graph.edges()}
    assert ("object:0", "ride", "object:1") in edges
    assert ("object:0", "on", "object:1") in edges
    assert ("object:1", "has colour", "seen:brown") in edges
    assert ("object:2", "has size", "seen:small") in edges
    assert graph.edges(EdgeKind.MENTION)
    assert graph.nodes(NodeKind.CONCEPT)


@pytest.mark.parametrize("ending", list(EXPORTERS))
def test_the_graph_is_written_in_every_format_and_read_again(
    drawer: Drawer, tmp_path: Path, ending: str
) -> None:
    found = drawer("a cat on a chair")
    target = tmp_path / f"graph{ending}"
    export(found.graph, [target], image=found.image)
    assert target.stat().st_size > 0
    if ending in IMPORTERS:
        again = read_graph(target)
        boxes = {one.label: one.box for one in again.nodes(NodeKind.OBJECT)}
        assert boxes == {one.label: one.box for one in found.graph.nodes(NodeKind.OBJECT)}


def test_pictures_are_written_and_read_again(drawer: Drawer, tmp_path: Path) -> None:
    found = drawer(TEXT)
    for ending in (".png", ".svg"):
        found.save(tmp_path / f"a{ending}")
        drawer(TEXT).save(tmp_path / f"b{ending}")
        first, second = ((tmp_path / f"{one}{ending}").read_bytes() for one in "ab")
        assert first == second
    assert Photo.open(tmp_path / "a.png").image.size == (640, 480)
    assert isinstance(found.image, Image.Image)
    ElementTree.parse(tmp_path / "a.svg")
    with pytest.raises(SightGraphError, match="names no format"):
        found.save(tmp_path / "a.gif")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("a dog " * 400, "2000|2,000|more than"),
        ("ein Hund liegt unter dem Tisch und schläft", "English"),
        ("nothing", "nothing that can be drawn"),
    ],
)
def test_texts_that_cannot_be_drawn_are_told(drawer: Drawer, text: str, problem: str) -> None:
    with pytest.raises(SightGraphError, match=problem):
        drawer(text)


def test_hostile_texts_are_drawn_as_texts(drawer: Drawer) -> None:
    found = drawer('a dog <script>alert("x")</script> on a sofa')
    tags = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(found.svg).iter()}
    assert "script" not in tags

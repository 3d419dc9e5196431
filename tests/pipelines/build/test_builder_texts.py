"""pipelines/build/steps.py: what is written in the photograph, where, and what it names."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from kg.formats import export, read_graph
from kg.graph import Box, PhotoInfo
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import HAS_TEXT, Detection, PerceivedText, PerceptionResult

INFO = PhotoInfo("street.jpg", 640, 480)
BUS = Detection("bus", 0.9, "test", Box(0, 100, 400, 400))
PERSON = Detection("person", 0.8, "test", Box(100, 150, 200, 390))
TEXTS = (
    PerceivedText("42", 0.95, Box(120, 200, 160, 230), "rapidocr"),
    PerceivedText("bakery", 0.9, Box(390, 110, 520, 150), "rapidocr"),
    PerceivedText("Dog", 0.8, Box(300, 110, 360, 150), "rapidocr"),
    PerceivedText("Qxzv <&> \x00", 0.6, Box(10, 300, 60, 320), "rapidocr"),
)


def test_a_text_is_linked_to_the_smallest_object_that_holds_most_of_it(
    builder: GraphBuilder,
) -> None:
    graph = builder([BUS, PERSON], INFO, None, PerceptionResult(texts=TEXTS))
    nodes = graph.nodes(NodeKind.TEXT)
    assert [(one.label, one.score, one.box) for one in nodes] == [
        (one.text, one.score, one.box) for one in TEXTS
    ]
    carried = {
        (graph.node(edge.source).label, graph.node(edge.target).label)
        for edge in graph.edges(EdgeKind.SEMANTIC)
        if edge.relation == HAS_TEXT
    }
    assert carried == {("person", "42"), ("bus", "Dog"), ("bus", "Qxzv <&> \x00")}


def test_a_text_that_names_something_known_is_linked_to_it_and_no_other(
    builder: GraphBuilder,
) -> None:
    graph = builder([BUS], INFO, None, PerceptionResult(texts=TEXTS))
    (dog,) = [one for one in graph.nodes(NodeKind.TEXT) if one.label == "Dog"]
    links = [edge for edge in graph.edges_from(dog.id) if edge.kind == EdgeKind.LINK]
    assert [graph.node(edge.target).label for edge in links] == ["dog"]
    (nonsense,) = [one for one in graph.nodes(NodeKind.TEXT) if one.label.startswith("Qxzv")]
    assert graph.edges_from(nonsense.id) == []


@pytest.mark.parametrize("ending", [".json", ".ttl", ".jsonld", ".graphml"])
def test_texts_survive_every_format(builder: GraphBuilder, ending: str, tmp_path: Path) -> None:
    graph = builder([BUS, PERSON], INFO, None, PerceptionResult(texts=TEXTS))
    export(graph, [tmp_path / f"graph{ending}"])
    assert read_graph(tmp_path / f"graph{ending}") == graph


@pytest.mark.parametrize("ending", [".html", ".png", ".dot"])
def test_texts_are_shown(builder: GraphBuilder, ending: str, tmp_path: Path) -> None:
    graph = builder([BUS, PERSON], INFO, None, PerceptionResult(texts=TEXTS))
    file = tmp_path / f"graph{ending}"
    export(graph, [file], image=Image.new("RGB", (640, 480)))
    assert file.stat().st_size > 0
    assert ending == ".png" or "bakery" in file.read_text(encoding="utf-8")

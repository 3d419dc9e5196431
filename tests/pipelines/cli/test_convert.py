"""sightgraph convert: every format that is read becomes every format that is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from kg.formats import export, read_graph
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

Run = Callable[..., Result]
Mistake = Callable[..., str]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    graph = SceneGraph(PhotoInfo("cat.jpg", 640, 480))
    graph.add(Node("object:0", NodeKind.OBJECT, "cat", "bundled", 0.9, (10, 20, 300, 400)))
    graph.add(Node("seen:black", NodeKind.ATTRIBUTE, "black", "colours"))
    graph.connect(Edge("object:0", "seen:black", EdgeKind.SEMANTIC, "has colour", "colours", 0.5))
    export(graph, [tmp_path / "cat.json"])
    return tmp_path / "cat.json"


def test_several_formats_at_once_and_back(run: Run, source: Path, tmp_path: Path) -> None:
    targets = [tmp_path / f"cat.{ending}" for ending in ("ttl", "graphml", "jsonld")]
    done = run("convert", source, "-o", *targets)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [str(target) for target in targets]
    for target in targets:
        assert read_graph(target) == read_graph(source)


def test_the_inspector_shows_the_photograph(run: Run, source: Path, tmp_path: Path) -> None:
    page = tmp_path / "cat.html"
    done = run("convert", source, "--photo", "example:cat", "-o", page)
    assert done.exit_code == 0, done.stderr
    assert "data:image/jpeg;base64," in page.read_text(encoding="utf-8")


def test_mistakes_are_one_line(mistake: Mistake, source: Path, tmp_path: Path) -> None:
    assert "there is no graph" in mistake("convert", "none.json", "-o", tmp_path / "a.ttl")
    assert "names no format" in mistake("convert", source, "-o", tmp_path / "a.doc")

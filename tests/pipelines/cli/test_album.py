"""sightgraph album: add, find, query and remove."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from kg.graph import Node, PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.vocabulary import NodeKind
from pipelines.photo import Photo

Run = Callable[..., Result]


class Quick:
    """Sees a cat in every photograph."""

    def graph(self, source: str) -> SceneGraph:
        photo = Photo.open(source)
        graph = SceneGraph(PhotoInfo(photo.source, photo.width, photo.height, photo.sha256))
        graph.add(Node("object:0", NodeKind.OBJECT, "cat", "quick", 0.5))
        return graph


@pytest.fixture
def kitchen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Quick models, and little knowledge."""
    (tmp_path / "cats.ttl").write_text(
        '<https://x.org/cat> <http://www.w3.org/2004/02/skos/core#prefLabel> "cat" .'
    )
    known = Knowledge.load([tmp_path / "cats.ttl"], with_bundled=False)
    monkeypatch.setattr("pipelines.cli.album.load_sightgraph", lambda parts: Quick())
    monkeypatch.setattr("kg.knowledge.memory.Knowledge.bundled", lambda: known)


@pytest.mark.usefixtures("kitchen")
def test_an_album_is_filled_searched_and_emptied(run: Run, tmp_path: Path) -> None:
    store = ("--store", tmp_path / "album")
    two = ("example:cat", "example:coffee")
    assert "2 added, 0 were there" in run("album", "add", *two, *store).stdout
    assert "0 added, 2 were there" in run("album", "add", *two, *store).stdout
    found = json.loads(run("album", "find", "a cat", *store, "--json").stdout)
    assert {one["photo"] for one in found} == set(two)
    ask = "SELECT ?photo WHERE { ?p a sgo:Photograph ; rdfs:label ?photo } ORDER BY ?photo"
    assert run("album", "query", ask, *store).stdout.splitlines() == list(two)
    removed = run("album", "remove", found[0]["sha256"], "gone.jpg", *store)
    assert "1 removed, 1 were not there" in removed.stdout

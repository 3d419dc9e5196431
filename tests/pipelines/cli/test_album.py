"""sightgraph album: add, find, query and remove."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from PIL import Image

from kg.graph import Node, PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from kg.vocabulary import NodeKind
from pipelines.photo import Photo

Run = Callable[..., Result]


class Quick:
    """Sees a cat in every photograph."""

    def graph(self, photo: Photo) -> SceneGraph:
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
    assert run("album", "query", ask, *store).stdout.splitlines() == ["photo", *two]
    unbound = "SELECT ?a ?b { VALUES (?a ?b) { (1 2) (UNDEF 3) } } ORDER BY ?b"
    assert run("album", "query", unbound, *store).stdout.splitlines()[1:] == ["1\t2", "\t3"]
    removed = run("album", "remove", found[0]["sha256"], "gone.jpg", *store)
    assert "1 removed, 1 were not there" in removed.stdout
    assert "1 removed" in run("album", "remove", found[1]["photo"], *store).stdout


@pytest.mark.usefixtures("kitchen")
def test_what_was_added_by_any_name_is_removed_by_it_even_if_it_is_gone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, folder = ("--store", tmp_path / "album"), tmp_path / "holiday"
    folder.mkdir()
    odd = os.fsdecode(b"caf\xe9 1.png")
    for number, name in enumerate((odd, "my cat.png")):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / name)
    monkeypatch.chdir(tmp_path)
    assert "2 added" in run("album", "add", "holiday", *store).stdout
    monkeypatch.chdir(folder)
    (folder / "my cat.png").unlink()
    assert "1 removed" in run("album", "remove", "my cat.png", *store).stdout
    assert "0 removed, 1 were not there" in run("album", "remove", "my dog.png", *store).stdout
    shown = odd.encode("utf-8", "backslashreplace").decode()  # as the album tells it
    assert "1 removed" in run("album", "remove", shown, *store).stdout

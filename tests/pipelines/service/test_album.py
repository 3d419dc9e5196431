"""The album over HTTP: found, shown small, and opened by hash, never by a path."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from kg.graph import Node, PhotoInfo, SceneGraph
from kg.vocabulary import NodeKind
from pipelines.batch.album import Album
from pipelines.photo import Photo
from pipelines.reading.parser import Parser

Serve = Callable[..., TestClient]


@pytest.fixture
def photo(tmp_path: Path, png: bytes) -> Path:
    """A photograph in the album of `served`."""
    file = tmp_path / "red.png"
    file.write_bytes(png)
    graph = SceneGraph(PhotoInfo(str(file), 30, 20, sha256(png).hexdigest()))
    graph.add(Node("object:0", NodeKind.OBJECT, "cat", "bundled", 0.75))
    album = Album(tmp_path / "album", create=True)
    album.add(graph)
    album.close()
    return file


@pytest.fixture
def served(serve: Serve, photo: Path, models: Any, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    monkeypatch.setattr(models, "parser", Parser(), raising=False)
    return serve(album=photo.parent / "album")


def test_what_a_text_describes_is_found_shown_and_opened(served: TestClient, png: bytes) -> None:
    (found,) = served.get("/api/album", params={"text": "a cat"}).json()
    name = sha256(png).hexdigest()
    assert found == {"id": name, "name": "red.png", "score": 0.75, "labels": ["cat"]}
    small = served.get(f"/api/album/{name}/thumbnail")
    assert Image.open(io.BytesIO(small.content)).size == (30, 20)
    opened = served.post(f"/api/album/{name}", json={}).json()
    assert opened == {"id": name, "width": 30, "height": 20}
    graph = served.post("/api/graph", json={"photograph": name}).json()
    assert graph["photo"] == {"source": name, "width": 30, "height": 20, "sha256": name}
    assert [one["score"] for one in graph["nodes"]] == [0.75]  # the album's, not the models'
    described = {"photograph": name, "text": "a cat"}
    assert [one["score"] for one in served.post("/api/graph", json=described).json()["nodes"]] == [
        0.5
    ]


def test_an_example_in_the_album_has_its_picture(serve: Serve, tmp_path: Path) -> None:
    cat = Photo.open("example:cat")
    album = Album(tmp_path / "cats", create=True)
    album.add(SceneGraph(PhotoInfo(cat.source, cat.width, cat.height, cat.sha256)))
    album.close()
    client = serve(album=tmp_path / "cats")
    assert client.get(f"/api/album/{cat.sha256}/thumbnail").status_code == 200


def test_a_file_that_is_gone_or_another_is_not_given(served: TestClient, photo: Path) -> None:
    name = sha256(photo.read_bytes()).hexdigest()
    photo.write_bytes(b"something else")
    assert served.get(f"/api/album/{name}/thumbnail").status_code == 404
    photo.unlink()
    assert served.post(f"/api/album/{name}", json={}).status_code == 404
    assert served.get(f"/api/album/{'0' * 64}/thumbnail").status_code == 404
    assert served.get("/api/album/..%2Fetc/thumbnail").status_code in (404, 422)


def test_without_an_album_there_are_no_such_routes(client: TestClient) -> None:
    assert client.get("/api/album", params={"text": "a cat"}).status_code == 404

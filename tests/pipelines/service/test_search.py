"""pipelines/service/search: an index is searched over HTTP; paths of the server stay in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from pipelines.photo import Photo
from pipelines.search.library import Library
from pipelines.search.towers import Towers
from pipelines.service.app import create_app
from pipelines.sightgraph import SightGraph


@pytest.fixture(scope="module")
def client(tower_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("service")
    sightgraph = SightGraph.from_pretrained()
    library = Library(folder / "index", "photographs", Towers(tower_folder), create=True)
    photos = []
    for name in ("cat", "coffee"):
        Photo.open(f"example:{name}").image.save(folder / f"{name}.png")
        photos.append(str(folder / f"{name}.png"))
    assert list(library.add_photographs(sightgraph, photos)) == [None, None]
    return TestClient(create_app(sightgraph, library=library), "http://127.0.0.1")


def test_a_text_finds_a_photograph_by_its_name(client: TestClient) -> None:
    done = client.post("/api/search", json={"text": "a cat", "limit": 1})
    assert done.status_code == 200
    (best,) = done.json()
    assert best["id"] == "cat.png"
    assert best["found"][0]["label"] == "cat"


@pytest.mark.parametrize("wrong", [{"text": ""}, {"text": "a", "limit": 0}, {"limit": 3}])
def test_wrong_requests_are_refused(client: TestClient, wrong: dict[str, object]) -> None:
    assert client.post("/api/search", json=wrong).status_code == 422


def test_without_an_index_there_is_no_search() -> None:
    app = create_app(SightGraph.from_pretrained())
    assert TestClient(app, "http://127.0.0.1").post("/api/search", json={}).status_code == 404

"""pipelines/service/search: an index is searched over HTTP; paths of the server stay in it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from graph_fusion.search_model import SearchConfig, SearchModel
from pipelines.photo import Photo
from pipelines.search.agreement import FEATURES
from pipelines.search.library import Library
from pipelines.search.towers import Bank, Towers, Weights, write_bank
from pipelines.service.app import create_app
from pipelines.sightgraph import SightGraph
from pipelines.training.search import save_search


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("service")
    torch.manual_seed(0)
    model = SearchModel(SearchConfig(hidden=16, layers=1, trained=0, heads=4))
    weights = Weights(1.0, tuple(9.0 * (one == "found") for one in FEATURES))
    save_search(folder / "towers", model, weights)
    write_bank(folder / "towers", Bank(np.eye(16, dtype=np.float32), np.eye(16, dtype=np.float32)))
    sightgraph = SightGraph.from_pretrained()
    library = Library(folder / "index", "photographs", Towers(folder / "towers"), create=True)
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

"""pipelines/service/drawing: a picture and its graph over HTTP, and its limits."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from starlette.testclient import TestClient

from graph_fusion.layout_model import LayoutConfig, LayoutModel
from graph_fusion.training import save_model
from pipelines.drawing.drawer import Drawer
from pipelines.service.app import create_app
from pipelines.sightgraph import SightGraph


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("layout")
    model = LayoutModel(LayoutConfig(hidden=8, layers=1, components=2))
    save_model(folder, model.state_dict(), model.as_json())
    sightgraph = SightGraph.from_pretrained()
    app = create_app(sightgraph)
    app.state.shared.drawer = Drawer(sightgraph.builder, layouts=folder)
    return TestClient(app, "http://127.0.0.1")


def test_a_picture_comes_with_its_graph(client: TestClient) -> None:
    done = client.post("/api/draw", json={"text": "a cat on a red sofa", "seed": 3})
    assert done.status_code == 200
    found = done.json()
    assert [one["label"] for one in found["things"]] == ["cat", "sofa"]
    assert found["relations"][0]["holds"]
    assert found["svg"].startswith("<svg")
    assert Image.open(io.BytesIO(base64.b64decode(found["png"]))).size == (640, 480)
    assert any(one["box"] for one in found["graph"]["nodes"])
    again = client.post("/api/draw", json={"text": "a cat on a red sofa", "seed": 3})
    assert again.json() == found


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"text": ""}, "text"),
        ({"text": "a" * 1001}, "text"),
        ({"text": "a cat", "seed": -1}, "seed"),
        ({"text": "99 dogs"}, "more than 20"),
        ({"text": "nothing"}, "nothing that can be drawn"),
        ({"text": "a cat above a dog and the dog above the cat"}, "contradicts"),
    ],
)
def test_wrong_requests_are_refused_in_one_line(
    client: TestClient, wrong: dict[str, object], why: str
) -> None:
    done = client.post("/api/draw", json=wrong)
    assert done.status_code == 422
    assert why in done.json()["error"]

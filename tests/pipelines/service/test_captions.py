"""pipelines/service/captions: what the command prints, over HTTP."""

from __future__ import annotations

import io

import pytest
from starlette.testclient import TestClient

from pipelines.photo import Photo
from pipelines.service.app import create_app
from pipelines.sightgraph import SightGraph


class Says:
    """Writes one sentence about everything."""

    name = "test"

    def write(self, sightgraph: SightGraph, photo: Photo, beams: int, style: str) -> str:
        return "a cat sits beside a bicycle"


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = create_app(SightGraph.from_pretrained())
    app.state.shared.captioner = Says()
    return TestClient(app, "http://127.0.0.1")


def uploaded(client: TestClient) -> str:
    buffer = io.BytesIO()
    Photo.open("example:cat").image.save(buffer, "PNG")
    done = client.post("/api/photographs", files={"file": ("cat.png", buffer.getvalue())})
    return str(done.json()["id"])


def test_a_caption_comes_with_what_it_rests_on(client: TestClient) -> None:
    done = client.post("/api/caption", json={"photograph": uploaded(client)})
    assert done.status_code == 200
    found = done.json()
    assert found["caption"] == "a cat sits beside a bicycle"
    assert [one["held"] for one in found["phrases"]] == [True, False]
    assert found["graph"]["text"]


@pytest.mark.parametrize("wrong", [{"beams": 0}, {"beams": 99}, {"style": "odd"}])
def test_wrong_options_are_refused(client: TestClient, wrong: dict[str, object]) -> None:
    done = client.post("/api/caption", json={"photograph": "0" * 64, **wrong})
    assert done.status_code == 422


def test_an_unknown_photograph_is_not_found(client: TestClient) -> None:
    assert client.post("/api/caption", json={"photograph": "0" * 64}).status_code == 404

"""pipelines/service/dialogs: a dialog by its id, with limits."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from pipelines.photo import Photo
from pipelines.service.app import create_app
from pipelines.service.settings import Settings
from pipelines.sightgraph import SightGraph


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    settings = replace(Settings(burst=10_000), dialogs=2)
    with TestClient(create_app(SightGraph.from_pretrained(), settings), "http://127.0.0.1") as one:
        yield one


@pytest.fixture(scope="module")
def photograph(client: TestClient) -> str:
    buffer = io.BytesIO()
    Photo.open("example:cat").image.save(buffer, "PNG")
    done = client.post("/api/photographs", files={"file": ("cat.png", buffer.getvalue())})
    return str(done.json()["id"])


def begun(client: TestClient, photograph: str) -> str:
    done = client.post("/api/dialogs", json={"photograph": photograph})
    assert done.status_code == 200, done.text
    return f"/api/dialogs/{done.json()['id']}"


def test_a_dialog_goes_on_by_its_id(client: TestClient, photograph: str) -> None:
    url = begun(client, photograph)
    assert client.get(f"{url}/why").status_code == 422
    first = client.post(url, json={"text": "What animal is this?"}).json()
    assert first["turn"]["reply"] == "cat"
    second = client.post(url, json={"text": "Is it a mammal?"}).json()
    assert second["turn"]["references"] == [["it", "cat", ["object:0"]]]
    turns = [one["id"] for one in second["graph"]["nodes"] if one["kind"] == "turn"]
    assert turns == ["said:0", "reply:0", "said:1", "reply:1"]
    assert client.get(f"{url}/why").json()["answer"] == "yes"
    client.post(url, json={"text": "no, that is a dog"})
    undone = client.post(f"{url}/undo", json={}).json()
    assert undone["turn"]["said"] == "no, that is a dog"
    assert undone["graph"] == second["graph"]


def test_a_saved_dialog_is_gone_on_with(client: TestClient, photograph: str) -> None:
    url = begun(client, photograph)
    client.post(url, json={"text": "What animal is this?"})
    document = client.get(url).json()
    again = client.post("/api/dialogs", json={"photograph": photograph, "dialog": document})
    assert again.json()["turns"] == 1
    said = client.post(f"/api/dialogs/{again.json()['id']}", json={"text": "Is it a mammal?"})
    assert said.json()["turn"]["reply"] == "yes"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"photograph": "0" * 64}, 404),
        ({"photograph": "x"}, 422),
        ({"graph": {}}, 422),
        ({"dialog": {"format": "odd"}}, 422),
        ({"dialog": {}, "graph": {}}, 422),
    ],
)
def test_what_is_no_dialog_is_refused(
    client: TestClient, body: dict[str, object], status: int
) -> None:
    assert client.post("/api/dialogs", json=body).status_code == status


def test_hostile_texts_are_refused_and_the_dialog_goes_on(
    client: TestClient, photograph: str
) -> None:
    url = begun(client, photograph)
    for text in ("", "a" * 2001, "Was ist das hier?", "hello", "No.", " "):
        assert client.post(url, json={"text": text}).status_code == 422
    assert client.post(url, json={"text": "Is it a cat?"}).json()["turn"]["reply"] == "yes"


def test_old_dialogs_are_forgotten(client: TestClient, photograph: str) -> None:
    first, *_ = [begun(client, photograph) for _ in range(3)]
    assert client.get(first).status_code == 404
    last = begun(client, photograph)
    assert client.delete(last).status_code == 200
    assert client.post(last, json={"text": "Is it a cat?"}).status_code == 404
    assert client.get("/api/dialogs/../../etc").status_code in (404, 422)

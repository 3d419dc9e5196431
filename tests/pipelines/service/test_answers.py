"""Photographs are uploaded and asked about; what is wrong is one line of JSON."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from starlette.testclient import TestClient


def test_a_photograph_is_kept_by_its_hash_and_shown_as_jpeg(client: TestClient, png: bytes) -> None:
    kept = client.post("/api/photographs", files={"file": ("../../a.png", png)}).json()
    assert kept == {"id": sha256(png).hexdigest(), "width": 30, "height": 20}
    shown = client.get(f"/api/photographs/{kept['id']}")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.content.startswith(b"\xff\xd8")


def test_an_answer_has_its_graph_named_by_the_hash(client: TestClient, photograph: str) -> None:
    asked = {"photograph": photograph, "graph": None, "question": "Is it red?"}
    answer = client.post("/api/ask", json=asked).json()
    assert answer["answer"] == "yes"
    expected = {"source": photograph, "width": 30, "height": 20, "sha256": photograph}
    assert answer["graph"]["photo"] == expected


def test_a_graph_is_made_with_a_text(client: TestClient, photograph: str) -> None:
    asked = {"photograph": photograph, "text": "a cat"}
    assert client.post("/api/graph", json=asked).json()["text"] == "a cat"


@pytest.mark.parametrize(
    ("path", "body", "status", "reason"),
    [
        ("/api/ask", {"question": "Why?"}, 422, "nothing is asked about"),
        ("/api/ask", {"question": ""}, 422, "question"),
        ("/api/ask", {"photograph": "../etc/passwd", "question": "Why?"}, 422, "photograph"),
        ("/api/ask", {"photograph": "0" * 64, "question": "Why?"}, 404, "Upload it first"),
        ("/api/ask", {"graph": {"format": "x"}, "question": "Why?"}, 422, "no SightGraph JSON"),
        ("/api/explain", {"question": "Why?"}, 422, "nothing is asked about"),
        ("/api/explain", {"modalities": {}, "question": "Why?"}, 422, "nothing is asked about"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    client: TestClient, path: str, body: Any, status: int, reason: str
) -> None:
    found = client.post(path, json=body)
    assert found.status_code == status
    assert reason in found.json()["error"]
    assert "\n" not in found.json()["error"]


def test_what_is_no_photograph_is_an_unsupported_type(client: TestClient) -> None:
    found = client.post("/api/photographs", files={"file": b"<svg onload=alert(1)>"})
    assert found.status_code == 415


def test_a_fault_of_the_program_shows_nothing_of_it(client: TestClient, photograph: str) -> None:
    found = client.post("/api/ask", json={"photograph": photograph, "question": "bug"})
    assert found.status_code == 500
    assert found.json()["error"].startswith("unexpected ZeroDivisionError. ")
    assert found.headers["x-content-type-options"] == "nosniff"
    assert 'route="/api/ask",status="500"} 1' in client.get("/metrics").text


def test_a_graph_of_another_photograph_is_refused(
    client: TestClient, photograph: str, png: bytes
) -> None:
    graph = client.post("/api/graph", json={"photograph": photograph}).json()
    asked = {"photograph": photograph, "graph": graph, "question": "Is it red?"}
    assert "another photograph" not in client.post("/api/ask", json=asked).text
    graph["photo"]["sha256"] = "0" * 64
    found = client.post("/api/ask", json=asked)
    assert found.status_code == 422
    assert "the graph is of another photograph" in found.json()["error"]

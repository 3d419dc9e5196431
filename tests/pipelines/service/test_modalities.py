"""Sounds and feature vectors are uploaded and asked about, with limits."""

from __future__ import annotations

import io
from hashlib import sha256

import numpy as np
import pytest
from starlette.testclient import TestClient


def npy(array: np.ndarray, pickled: bool = False) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=pickled)
    return file.getvalue()


VECTORS = npy(np.ones((4, 3)))


def uploaded(client: TestClient, content: bytes = VECTORS, name: str = "../../a.npy") -> str:
    found = client.post("/api/modalities", files={"file": (name, content)}, data={"name": "depth"})
    assert found.status_code == 200, found.text
    return str(found.json()["id"])


def test_an_upload_is_kept_by_its_hash(client: TestClient) -> None:
    found = client.post("/api/modalities", files={"file": ("a.npy", VECTORS)}).json()
    digest = sha256(VECTORS).hexdigest()
    assert found == {"id": digest, "vectors": 4, "features": 3, "seconds": None}


def test_it_is_asked_about_without_a_photograph_and_is_in_the_graph(client: TestClient) -> None:
    given = {"radar": uploaded(client)}
    answer = client.post("/api/ask", json={"modalities": given, "question": "What is it?"}).json()
    nodes = {one["id"]: one for one in answer["graph"]["nodes"]}
    assert answer["graph"]["photo"] is None
    recording = nodes["signal:radar"]["recording"]
    assert (recording["rows"], recording["features"]) == (4, 3)
    assert ".." not in recording["source"]
    graph = client.post("/api/graph", json={"modalities": given}).json()
    assert "signal:radar" in {one["id"] for one in graph["nodes"]}


@pytest.mark.parametrize(
    ("file", "name", "status", "reason"),
    [
        (("a.npy", npy(np.array([{}], dtype=object), pickled=True)), "depth", 415, "pickle"),
        (("a.npy", npy(np.array([np.nan]))), "depth", 415, "finite"),
        (("a.exe", b"MZ"), "depth", 415, "ending"),
        (("a", VECTORS), "depth", 415, "ending"),
        (("a.npy", VECTORS), "<script>", 422, "name"),
        (("a.npy", VECTORS), "photo", 422, "name"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    client: TestClient, file: tuple[str, bytes], name: str, status: int, reason: str
) -> None:
    found = client.post("/api/modalities", files={"file": file}, data={"name": name})
    assert found.status_code == status
    assert reason in found.json()["error"]
    assert "\n" not in found.json()["error"]


@pytest.mark.parametrize(
    ("modalities", "status"),
    [({"depth": "0" * 64}, 404), ({"depth": "../x"}, 422), ({"photo": "0" * 64}, 404)],
)
def test_an_unknown_modality_is_told(
    client: TestClient, modalities: dict[str, str], status: int
) -> None:
    asked = {"modalities": modalities, "question": "What is it?"}
    assert client.post("/api/ask", json=asked).status_code == status


def test_only_answers_about_photographs_are_explained(client: TestClient) -> None:
    asked = {"modalities": {"depth": uploaded(client)}, "question": "What is it?"}
    assert client.post("/api/explain", json=asked).status_code == 422

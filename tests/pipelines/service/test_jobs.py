"""Jobs of many questions, and their progress."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient


def test_a_job_sends_a_row_for_each_question_and_an_error_is_a_row(
    client: TestClient, photograph: str
) -> None:
    asked = [{"photograph": photograph, "question": text} for text in ("Why?", "bug", "Who?")]
    started = client.post("/api/jobs", json={"questions": asked})
    assert started.status_code == 202
    events = client.get(f"/api/jobs/{started.json()['id']}/events").text.split("\n\n")
    rows = [json.loads(event.partition("data: ")[2])["row"] for event in events[:3]]
    assert [row.get("answer") for row in rows] == ["yes", None, "yes"]
    assert rows[1] == {"question": "bug", "error": "a bug"}
    assert events[3].startswith("event: end")
    path = f"/api/jobs/{started.json()['id']}"
    later = client.get(path + "/events", headers={"Last-Event-ID": "1"}).text
    assert later.count("event: row") == 1
    assert client.get(path).json()["is_done"]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_job_has_a_size(serve: Callable[..., TestClient]) -> None:
    asked = {"questions": [{"question": "Why?"}] * 3}
    assert serve(job_questions=2).post("/api/jobs", json=asked).status_code == 422


def test_a_question_that_takes_too_long_is_an_error_and_not_asked_again(
    serve: Callable[..., TestClient], models: Any, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, asked = serve(seconds=0.3), list[float]()
    photograph = client.post("/api/photographs", files={"file": png}).json()["id"]
    monkeypatch.setattr(models, "wait", lambda: (asked.append(0.0), time.sleep(1)))
    questions = [{"photograph": photograph, "question": "wait"}]
    started = client.post("/api/jobs", json={"questions": questions})
    events = client.get(f"/api/jobs/{started.json()['id']}/events").text
    assert "not done within 0.3 s" in events
    assert len(asked) == 1

"""pipelines/service/video: an upload is watched as a job; a broken one ends its job only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from kg.graph import Box
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection
from pipelines.generate.videos.pixels import write_video
from pipelines.reading.parser import Parser
from pipelines.service.app import create_app
from pipelines.service.settings import Settings
from tests.pipelines.video.conftest import DrawnEyes, KnownBoxes

FRAMES, STEP = 30, 8


class Eyes(DrawnEyes):
    """Eyes that the service can also name."""

    models = {"detector": "drawn"}  # noqa: RUF012


@pytest.fixture(scope="module")
def eyes(builder: GraphBuilder, parser: Parser) -> Eyes:
    """A dog comes in from the left, and stays."""
    boxes = [
        [Detection("dog", 0.8, "drawn", Box(max(x, 0), 20, x + 40, 60))]
        for x in (min(STEP * t - 35, 50) for t in range(FRAMES))
    ]
    boxes[:5] = [[]] * 5
    return Eyes(KnownBoxes(boxes), builder, parser)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("uploads") / "clip.mp4"
    write_video(target, (np.full((80, 160, 3), 90, np.uint8) for _ in range(FRAMES)))
    return target.read_bytes()


Start = Callable[..., TestClient]


@pytest.fixture
def start(eyes: Eyes) -> Iterator[Start]:
    started: list[TestClient] = []

    def of(**changes: float) -> TestClient:
        settings = Settings(burst=10_000, **changes)  # type: ignore[arg-type]
        client = TestClient(create_app(eyes, settings), "http://127.0.0.1")  # type: ignore[arg-type]
        started.append(client.__enter__())
        return client

    yield of
    for one in started:
        one.__exit__()


def rows_of(client: TestClient, name: str) -> list[dict[str, object]]:
    events = client.get(f"/api/jobs/{name}/events").text.split("\n\n")
    told = (one.partition("data: ")[2] for one in events if "event: row" in one)
    return [json.loads(one)["row"] for one in told]


def test_a_video_is_watched_with_progress_and_has_a_page(start: Start, clip: bytes) -> None:
    client = start()
    asked = {"question": ["who enters first?", "what colour is the dog?"]}
    done = client.post("/api/video", files={"file": clip}, data=asked)
    assert done.status_code == 202
    name = done.json()["id"]
    *progress, result = rows_of(client, name)
    seconds = [one["seconds"] for one in progress]
    assert seconds
    assert seconds == sorted(seconds)  # type: ignore[type-var]
    assert [one["event"] for one in result["events"]] == ["enters", "stops"]  # type: ignore[attr-defined]
    assert [one["answer"] for one in result["answers"]] == ["dog", "red"]  # type: ignore[attr-defined]
    assert result["graph"]["photo"]["duration"] == 3.0  # type: ignore[index]
    page = client.get(f"/api/video/{name}/page")
    assert "sandbox" in page.headers["content-security-policy"]
    assert "who enters first?" in page.text
    assert client.get("/api/video/none/page").status_code == 404


def test_what_is_no_video_ends_its_job(start: Start) -> None:
    client = start()
    name = client.post("/api/video", files={"file": b"#EXTM3U\n/etc/passwd"}).json()["id"]
    (row,) = rows_of(client, name)
    assert "no video" in str(row["error"])
    assert "/tmp" not in str(row["error"])
    assert client.get(f"/api/video/{name}/page").status_code == 404


def test_limits_of_size_and_length(start: Start, clip: bytes) -> None:
    assert start(video_bytes=500).post("/api/video", files={"file": clip}).status_code == 413
    short = start(video_seconds=1.0)
    name = short.post("/api/video", files={"file": clip}).json()["id"]
    assert "longer than" in str(rows_of(short, name)[0]["error"])
    asked = {"question": ["?" * 2000]}
    wrong = short.post("/api/video", files={"file": clip}, data=asked)
    assert wrong.status_code == 422
    assert short.post("/api/video", json={}).status_code == 415


def test_nothing_of_an_upload_stays_on_disk(
    start: Start, clip: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    client = start()
    name = client.post("/api/video", files={"file": clip}).json()["id"]
    rows_of(client, name)
    assert list(tmp_path.iterdir()) == []

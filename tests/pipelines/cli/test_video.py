"""sightgraph video: a page, a graph and answers from a file of boxes; mistakes are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from kg.formats import read_graph
from kg.vocabulary import NodeKind
from pipelines.cli.video import _watch
from pipelines.detectors import COCO_IDS, COCO_LABELS
from pipelines.generate.videos.noise import BoxNoise, detections
from pipelines.generate.videos.pixels import write_video
from pipelines.generate.videos.scripts import script

Run = Callable[..., Result]
Mistake = Callable[..., str]
PICKS_UP = 1002


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grey video, and beside it a COCO file of the boxes of its frames by their numbers."""
    folder, made = tmp_path_factory.mktemp("clip"), script(PICKS_UP)
    boxes = list(detections(made, PICKS_UP, BoxNoise(false=0, mislabelled=0)))
    write_video(folder / "clip.mp4", (np.full((320, 448, 3), 99, np.uint8) for _ in boxes))
    ids = dict(zip(COCO_LABELS, COCO_IDS, strict=True))
    annotations = [
        {
            "image_id": number,
            "category_id": ids[one.label],
            "bbox": [one.box.x1, one.box.y1, one.box.width, one.box.height],
            "score": one.score,
        }
        for number, found in enumerate(boxes)
        for one in found
        if one.box is not None
    ]
    (folder / "boxes.json").write_text(json.dumps(annotations))
    return folder / "clip.mp4"


def test_events_are_told_and_written_and_questions_answered(
    run: Run, clip: Path, tmp_path: Path
) -> None:
    boxes, graph, page = clip.with_name("boxes.json"), tmp_path / "c.ttl", tmp_path / "c.html"
    asked = "what does the man pick up after he enters?"
    make = ("video", clip, "--detections", boxes, "--labels", "coco", "--question", asked)
    done = run(*make, "-o", graph, page)
    assert done.exit_code == 0, done.stderr
    assert "person picks up sports ball" in done.stdout
    assert "  sports ball  (confidence" in done.stdout
    events = [one.label for one in read_graph(graph).nodes(NodeKind.EVENT)]
    assert events.count("picks up") == 1
    assert asked in page.read_text()


def test_a_video_that_says_no_duration_is_watched_at_a_terminal(
    clip: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def watching(*_: object) -> Generator[float, None, str]:
        yield 1.5
        return "watched"

    monkeypatch.setattr("pipelines.video.watch.watching", watching)
    monkeypatch.setenv("FORCE_COLOR", "1")
    live: Any = SimpleNamespace(duration=0.0)
    assert _watch(None, live, None) == "watched"  # type: ignore[arg-type, comparison-overlap]
    assert "1.5 s" in capsys.readouterr().err


def test_mistakes_are_told_before_anything_is_watched(
    mistake: Mistake, clip: Path, tmp_path: Path
) -> None:
    assert "no video" in mistake("video", tmp_path / "none.mp4")
    (tmp_path / "text.mp4").write_text("hello")
    assert "no video" in mistake("video", tmp_path / "text.mp4")
    assert "names no format" in mistake("video", clip, "-o", tmp_path / "c.doc")
    assert "not in English" in mistake("video", clip, "--question", "wo ist der Hund jetzt gerade?")
    (tmp_path / "rules.yaml").write_text("events: {}")
    assert "rules.yaml" in mistake("video", clip, "--rules", tmp_path / "rules.yaml")
    assert "--detections" in mistake("video", clip, "--detections", clip, "--threshold", "0.5")

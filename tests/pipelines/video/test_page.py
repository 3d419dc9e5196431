"""pipelines/video/page: one file with the time line, that runs no script of a label."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from kg.graph import SceneGraph
from pipelines.video.answers import answer
from pipelines.video.page import MAX_FRAMES, frame_times, page, write_page
from tests.pipelines.video.conftest import PICKS_UP, Seen

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def content(text: str) -> dict[str, object]:
    (found,) = re.findall(r'<script type="application/json" id="content">(.*?)</script>', text)
    read: dict[str, object] = json.loads(found)
    return read


def test_the_page_shows_tracks_events_frames_and_answers(seen: Seen, tmp_path: Path) -> None:
    eyes, watched = seen(PICKS_UP)
    asked = [
        answer(eyes, watched, one) for one in ("who enters first?", "what colour is the ball?")
    ]
    write_page(watched, tmp_path / "page.html", asked)
    found = content((tmp_path / "page.html").read_text())
    assert len(found["tracks"]) == len(watched.tracks)  # type: ignore[arg-type]
    assert len(found["events"]) == len(watched.events)  # type: ignore[arg-type]
    assert [one["answer"] for one in found["answers"]] == ["person", "red"]  # type: ignore[attr-defined]
    for event in found["events"]:  # type: ignore[attr-defined]
        frame = found["frames"][event["frame"]]  # type: ignore[index]
        middle = (event["start"] + event["end"]) / 2
        assert abs(frame["seconds"] - middle) < 0.2
        assert frame["url"].startswith("data:image/jpeg;base64,")


def test_nothing_is_loaded_from_elsewhere(seen: Seen) -> None:
    text = page(seen(PICKS_UP)[1])
    assert "default-src 'none'" in text
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", text)
    assert "innerHTML" not in text


def test_hostile_labels_and_names_stay_text(seen: Seen) -> None:
    _, watched = seen(PICKS_UP)
    graph = SceneGraph(watched.graph.photo)
    for node in watched.graph.nodes():
        graph.add(replace(node, label=HOSTILE))
    video = replace(watched.video, source=HOSTILE)
    text = page(replace(watched, graph=graph, video=video))
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert content(text)["tracks"][0]["label"] == HOSTILE  # type: ignore[index]


def test_a_long_video_has_as_many_frames_as_a_short_one(seen: Seen) -> None:
    _, watched = seen(PICKS_UP)
    assert len(frame_times(watched)) <= MAX_FRAMES
    many = replace(watched, events=list(watched.events) * 30)
    assert len(frame_times(many)) <= MAX_FRAMES
    assert frame_times(watched) == sorted(frame_times(watched))

"""pipelines/generate/videos: scripts, boxes and pixels are the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.generate.videos import (
    HEIGHT,
    SCRIPTS,
    SIZES,
    WIDTH,
    BoxNoise,
    detections,
    frames,
    script,
    soft_edged,
    times_of,
    write_video,
)
from pipelines.video.frames import Video


@pytest.mark.parametrize("seed", range(2 * len(SCRIPTS)))
def test_every_event_lies_in_its_video_and_names_its_things(seed: int) -> None:
    made = script(seed)
    labels = {one.label for one in made.actors}
    assert made.events
    for event in made.events:
        assert 0 < event.interval.start <= event.interval.end < made.seconds
        assert {event.who, event.what} - {None} <= labels


def test_the_same_seed_gives_the_same_boxes_and_pixels() -> None:
    made = script(3)
    assert [*detections(made, 3)] == [*detections(script(3), 3)]
    assert [*detections(made, 3)] != [*detections(made, 4)]
    shades = {label: [Image.new("RGBA", (9, 9), "red")] for label in SIZES}
    ground = Image.new("RGB", (9, 9), "grey")
    one, other = (next(frames(made, shades, ground, 3)) for _ in range(2))
    assert (one == other).all()


def test_without_noise_every_visible_thing_is_found() -> None:
    made = script(0)
    clean = BoxNoise(0, 0, 0, 0, 0, 0)
    for found in detections(made, 0, clean):
        for one in found:
            assert one.box is not None
            assert 0 <= one.box.x1 < one.box.x2 <= WIDTH
            assert 0 <= one.box.y1 < one.box.y2 <= HEIGHT
    assert any(found for found in detections(made, 0, clean))


def test_a_video_is_written_with_all_its_frames(tmp_path: Path) -> None:
    made = script(0)
    shades = {label: [soft_edged(Image.new("RGB", (30, 30), "red"))] for label in SIZES}
    pictures = frames(made, shades, Image.new("RGB", (9, 9), "grey"), 0)
    write_video(tmp_path / "made.mp4", (one for one, _ in zip(pictures, range(12), strict=False)))
    video = Video.open(tmp_path / "made.mp4")
    assert (video.width, video.height, len(list(video.frames()))) == (WIDTH, HEIGHT, 12)
    assert len(times_of(made)) == int(made.seconds * 10)
    assert np.isclose(video.duration, 1.2)

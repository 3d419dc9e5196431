"""pipelines/generate/videos/pixels: frames are the same for the same seed, and all are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from pipelines.generate.videos.actors import HEIGHT, SIZES, WIDTH, times_of
from pipelines.generate.videos.patches import soft_edged
from pipelines.generate.videos.pixels import frames, write_video
from pipelines.generate.videos.scripts import script
from pipelines.video.frames import Video


def test_the_same_seed_gives_the_same_pixels() -> None:
    made = script(3)
    shades = {label: [Image.new("RGBA", (9, 9), "red")] for label in SIZES}
    ground = Image.new("RGB", (9, 9), "grey")
    one, other = (next(frames(made, shades, ground, 3)) for _ in range(2))
    assert (one == other).all()


def test_a_video_is_written_with_all_its_frames(tmp_path: Path) -> None:
    made = script(0)
    shades = {label: [soft_edged(Image.new("RGB", (30, 30), "red"))] for label in SIZES}
    pictures = frames(made, shades, Image.new("RGB", (9, 9), "grey"), 0)
    write_video(tmp_path / "made.mp4", (one for one, _ in zip(pictures, range(12), strict=False)))
    video = Video.open(tmp_path / "made.mp4")
    assert (video.width, video.height, len(list(video.frames()))) == (WIDTH, HEIGHT, 12)
    assert len(times_of(made)) == int(made.seconds * 10)
    assert np.isclose(video.duration, 1.2)

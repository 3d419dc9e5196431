"""pipelines/generate/videos/noise: boxes are the same for the same seed, and lie in the frame."""

from __future__ import annotations

from pipelines.generate.videos.actors import HEIGHT, WIDTH
from pipelines.generate.videos.noise import BoxNoise, detections
from pipelines.generate.videos.scripts import script


def test_the_same_seed_gives_the_same_boxes() -> None:
    made = script(3)
    assert [*detections(made, 3)] == [*detections(script(3), 3)]
    assert [*detections(made, 3)] != [*detections(made, 4)]


def test_without_noise_every_visible_thing_is_found() -> None:
    made = script(0)
    clean = BoxNoise(0, 0, 0, 0, 0, 0)
    for found in detections(made, 0, clean):
        for one in found:
            assert one.box is not None
            assert 0 <= one.box.x1 < one.box.x2 <= WIDTH
            assert 0 <= one.box.y1 < one.box.y2 <= HEIGHT
    assert any(found for found in detections(made, 0, clean))

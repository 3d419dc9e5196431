"""pipelines/seeing/nothing.py: nothing is seen, whatever the photograph or the knowledge."""

from __future__ import annotations

from PIL import Image

from kg.knowledge.memory import Knowledge
from pipelines.detections import Detection, PerceptionResult
from pipelines.photo import Photo
from pipelines.seeing.nothing import NoDetector, NoPerception


def test_nothing_is_seen() -> None:
    photo = Photo(Image.new("RGB", (8, 6)), "made up")
    assert NoDetector("corrected graph")(photo) == []
    assert NoDetector("corrected graph").name == "corrected graph"
    perception = NoPerception().edited(Knowledge())
    assert perception(photo, [Detection("cat", 0.9, "me")]) == PerceptionResult()

"""pipelines/generate/videos/patches: what has no cut-out is another thing of its kind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kg.errors import SightGraphError
from pipelines.detections import Detection
from pipelines.generate.videos.patches import patches_of, soft_edged, with_looks
from pipelines.generate.videos.scripts import script
from pipelines.photo import Photo


class Blind:
    """A detector that finds nothing."""

    name = "blind"

    def __call__(self, photo: Photo) -> list[Detection]:
        return []


def test_what_has_no_patch_is_another_portable_thing_throughout() -> None:
    made = script(1002)
    patch = [Image.new("RGBA", (9, 9))]
    shown = with_looks(made, {"person": patch, "clock": patch, "couch": patch})
    names = {one.label for one in shown.actors}
    assert names <= {"person", "clock", "couch"}
    assert "picks up" in {one.name for one in shown.events}
    for before, after in zip(made.events, shown.events, strict=True):
        assert (before.name, before.interval) == (after.name, after.interval)
        assert {after.who, after.what} - {None} <= names


def test_the_edges_of_a_soft_patch_fade() -> None:
    alpha = np.asarray(soft_edged(Image.new("RGB", (60, 40), "red")))[..., 3]
    assert alpha[0, 0] < 10
    assert alpha[20, 30] == 255


def test_a_folder_without_things_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    with pytest.raises(SightGraphError, match="too few photographs"):
        patches_of(tmp_path, Blind())

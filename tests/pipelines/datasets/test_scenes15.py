"""datasets/scenes15.py: folders of photographs of one scene each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.datasets.scenes15 import has_scenes, read_scenes


def test_an_official_test_part_is_held_out(tmp_path: Path) -> None:
    image = {"file_name": "images/1.jpg", "scene": "suburb", "split": "test"}
    (tmp_path / "annotations.json").write_text(json.dumps({"images": [image]}))
    (photo,) = read_scenes(tmp_path)
    assert (photo.file_name, photo.part, photo.scene) == ("images/1.jpg", "held-out", "suburb")
    assert has_scenes(tmp_path)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    assert not has_scenes(tmp_path)
    with pytest.raises(SightGraphError, match="scene"):
        read_scenes(tmp_path)

"""pipelines/datasets/scene_files: a photograph is looked at once, and damage is looked at again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kg.errors import SightGraphError
from pipelines.datasets.captioned import read_captioned_folder
from pipelines.datasets.scene_files import SceneFiles
from pipelines.photo import Photo
from pipelines.scene import see
from pipelines.sightgraph import SightGraph


def no_eyes() -> SightGraph:
    raise AssertionError("the photograph was looked at again")


def test_what_was_seen_is_read_back_equal(captioned: Path) -> None:
    folder = captioned / "seen"
    (one,) = read_captioned_folder(captioned / "flickr8k", "train")
    first = SceneFiles(folder, SightGraph.from_pretrained)(one)
    again = SceneFiles(folder, no_eyes)(one)
    assert again.scene.graph == first.scene.graph
    assert np.array_equal(again.scene.cells, first.scene.cells)
    assert np.array_equal(again.mirrored, first.mirrored)
    assert again.scene.regions.keys() == first.scene.regions.keys()
    assert first.scene.cells.shape == (81, 1280)
    assert not np.array_equal(first.mirrored, first.scene.cells)


def test_a_damaged_file_is_made_anew(captioned: Path, tmp_path: Path) -> None:
    (one,) = read_captioned_folder(captioned / "flickr8k", "train")
    file = tmp_path / (one.name.replace("/", "__") + ".safetensors")
    file.write_bytes(b"\x10" * 100)
    found = SceneFiles(tmp_path, SightGraph.from_pretrained)(one)
    assert found.scene.cells.shape == (81, 1280)
    assert SceneFiles(tmp_path, no_eyes)(one).scene.graph == found.scene.graph
    other = replace(one, file=tmp_path / "other.png")  # of a folder of the same name
    Image.new("RGB", (64, 64), "red").save(other.file)
    with pytest.raises(AssertionError, match="looked at again"):
        SceneFiles(tmp_path, no_eyes)(other)


def test_other_eyes_are_refused() -> None:
    eyes = SightGraph.from_pretrained(namer=None)
    with pytest.raises(SightGraphError, match="bundled eyes"):
        see(eyes, Photo.open("example:cat"))

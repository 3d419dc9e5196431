"""pipelines/namers/tagger.py: tags with their places, and what of them are other objects."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from graph_fusion.tag_model import TagNetwork
from graph_fusion.training import save_model
from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.detections import Detection, Name
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.namers.tagger import Tag, Tagger
from pipelines.photo import Photo

ABOVE = {"hat": ["clothing"], "woman": ["person"]}


@pytest.fixture
def tagger(tmp_path: Path) -> Tagger:
    """A tagger for which feature 0 shows a hat and feature 1 a woman."""
    network = TagNetwork(2, 2, hidden=2)
    with torch.no_grad():
        network.hidden.weight.copy_(torch.eye(2))
        network.hidden.bias.zero_()
        network.cell.weight.copy_(20 * torch.eye(2))
        network.cell.bias.fill_(-10.0)
    config = {
        "features": 2,
        "hidden": 2,
        "slope": 1.0,
        "bias": 0.0,
        "threshold": 0.5,
        "above": ABOVE,
        "stuff": ["hat"],
    }
    save_model(tmp_path, network.state_dict(), config)
    return Tagger(tmp_path)


def test_a_tag_has_the_box_of_the_cells_around_its_maximum(tagger: Tagger) -> None:
    grid = np.zeros((4, 4, 2), np.float32)
    grid[1, 1:3, 0] = 1.0
    grid[3, 3, 0] = 1.0  # a second hat, which does not touch the first
    (hat,) = tagger(grid)
    assert hat.label == "hat"
    assert hat.box(400, 200) == Box(100.0, 50.0, 300.0, 100.0)
    assert hat.is_stuff


def test_nothing_is_said_of_an_empty_grid(tagger: Tagger) -> None:
    assert tagger(np.zeros((4, 4, 2), np.float32)) == []


def test_a_kind_of_a_detected_thing_is_a_further_name_of_it(tagger: Tagger) -> None:
    person = Detection("person", 0.8, "me", Box(0, 0, 9, 9))
    assert tagger.is_same("woman", person)
    assert not tagger.is_same("hat", person)
    named = tagger.tagged(person, Tag("woman", 0.9, np.ones((1, 1), bool)), most=6)
    assert named.label == "person"
    assert named.names == (Name("person", 0.8), Name("woman", 0.8))
    assert tagger.tagged(named, Tag("woman", 0.9, np.ones((1, 1), bool)), most=6) == named
    full = tagger.tagged(person, Tag("woman", 0.9, np.ones((1, 1), bool)), most=0)
    assert full == person


def test_a_folder_without_the_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"above": {}}))
    with pytest.raises(SightGraphError, match="train tags"):
        Tagger(tmp_path)


def test_the_bundled_tags_find_what_no_detector_knows(datasets: Path) -> None:
    forest = Photo.open(min((datasets / "scenes15" / "images" / "forest").iterdir()))
    with_tags, without = EfficientNetNamer(), EfficientNetNamer(tags=None)
    (tree,) = [one for one in with_tags(forest, []) if one.label == "tree"]
    assert tree.box is not None
    assert tree.feature is not None
    assert tree.feature.shape == (1280,)
    assert "tree" not in {one.label for one in without(forest, [])}
    assert with_tags.version != without.version


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_plain_pictures_have_no_tags(shade: int) -> None:
    namer = EfficientNetNamer()
    plain = Photo.open(np.full((240, 320, 3), shade, np.uint8))
    noise = np.random.default_rng(shade).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    assert namer.tagger is not None
    assert namer.tagger(namer.grid(plain)) == []
    assert namer.tagger(namer.grid(Photo.open(noise))) == []

"""pipelines/namers/efficientnet.py: names of regions and photographs, and their features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.detections import PROPOSAL, Detection
from pipelines.namers import NAMERS, Namer, make_namer
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo

GREY = Photo.open(Image.new("RGB", (320, 240), (128, 128, 128)))


@pytest.fixture(scope="module")
def namer() -> EfficientNetNamer:
    return EfficientNetNamer()


def test_every_registered_namer_is_known_here() -> None:
    assert set(NAMERS) == {"efficientnet_lite2", "zero_shot"}
    assert isinstance(make_namer("efficientnet_lite2"), Namer)


def test_features_of_the_whole_photograph_are_kept_for_the_last_one(
    namer: EfficientNetNamer,
) -> None:
    cat, coffee = Photo.open("example:cat"), Photo.open("example:coffee")
    grid = namer.grid(cat)
    assert grid.shape == (9, 9, 1280)
    assert grid.dtype == np.float32
    assert namer.grid(cat) is not None
    assert namer.looker.whole(cat) is namer.looker.whole(cat)
    mean = grid.mean((0, 1))
    np.testing.assert_allclose(namer.look(cat), mean / np.linalg.norm(mean), rtol=1e-4, atol=1e-6)
    assert not np.array_equal(namer.grid(coffee), grid)


def test_a_region_has_a_feature_of_length_one(namer: EfficientNetNamer) -> None:
    cat = Photo.open("example:cat")
    boxed = Detection("cat", 0.9, "me", (0, 0, cat.width, cat.height))
    named = namer(cat, [boxed, Detection("cat", 0.5, "me")])
    assert named[0].feature is not None
    assert np.linalg.norm(named[0].feature) == pytest.approx(1.0, abs=1e-4)
    assert named[0].feature_origin == "efficientnet_lite2"


def test_what_is_in_no_box_is_an_object_of_its_own(namer: EfficientNetNamer) -> None:
    coffee = Photo.open("example:coffee")
    (found,) = namer(coffee, [])
    assert found.label == "coffee"
    assert found.origin == found.feature_origin == "efficientnet_lite2"
    assert found.box is not None
    assert 0 <= found.box.x1 < found.box.x2 <= coffee.width
    assert {"beverage", "food"} <= {name.label for name in found.names}


def test_an_object_in_a_box_is_not_added_again(namer: EfficientNetNamer) -> None:
    cat = Photo.open("example:cat")
    box = (0, 0, cat.width, cat.height)
    (found,) = namer(cat, [Detection("cat", 0.8, "me", box)])
    assert "cat" in {name.label for name in found.names}
    probabilities = [name.probability for name in found.names]
    assert probabilities == sorted(probabilities, reverse=True)


def test_a_proposal_is_named_or_dropped(namer: EfficientNetNamer) -> None:
    cat = Photo.open("example:cat")
    box = (0, 0, cat.width, cat.height)
    (found,) = namer(cat, [Detection(PROPOSAL, 0.8, "me", box)])
    assert found.label != PROPOSAL
    assert namer(GREY, [Detection(PROPOSAL, 0.9, "me", (0, 0, 99, 99))]) == []


def test_plain_grey_and_noise_show_no_object(namer: EfficientNetNamer) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    assert namer(GREY, []) == []
    assert namer(Photo.open(Image.fromarray(noise)), []) == []


def test_landscapes_show_ground_and_trees_but_no_thing(
    namer: EfficientNetNamer, datasets: Path
) -> None:
    ground = {"tree", "grass", "snow", "water", "rock", "sand", "sky"}
    images = datasets / "scenes15" / "images"
    for scene in ("coast", "forest", "mountain", "opencountry"):
        photos = [Photo.open(file) for file in sorted((images / scene).iterdir())[:3]]
        found = [{one.label for one in namer(photo, [])} for photo in photos]
        assert sum(bool(labels - ground) for labels in found) <= 1


def test_an_unsure_label_gives_way_and_a_sure_one_stays_a_name(namer: EfficientNetNamer) -> None:
    coffee = Photo.open("example:coffee")
    box = (0, 0, coffee.width, coffee.height)
    (weak,) = namer(coffee, [Detection("toilet", 0.3, "me", box)])
    assert weak.label == "coffee"
    (strong,) = namer(coffee, [Detection("cup", 0.95, "me", box)])
    assert strong.label == "cup"
    assert {"cup", "coffee"} <= {name.label for name in strong.names}

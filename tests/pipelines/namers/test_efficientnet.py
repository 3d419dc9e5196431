"""pipelines/namers/efficientnet.py: names of regions and photographs, and their features."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.detections import Detection
from pipelines.namers import NAMERS, Namer, make_namer
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo


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
    np.testing.assert_allclose(named[0].feature, namer.look(cat), rtol=1e-3, atol=1e-4)

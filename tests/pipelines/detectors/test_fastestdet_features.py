"""pipelines/detectors/fastestdet.py: features of a photograph and of regions."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.detectors.fastestdet import FastestDet
from pipelines.photo import Photo


@pytest.fixture(scope="module")
def detector() -> FastestDet:
    return FastestDet()


def test_look_does_not_depend_on_what_was_detected_before(detector: FastestDet) -> None:
    cat, coffee = Photo.open("example:cat"), Photo.open("example:coffee")
    fresh = detector.look(cat)
    detector(coffee)
    detector(cat)
    assert (detector.look(cat) == fresh).all()
    assert (detector.look(coffee) != fresh).any()


def test_region_features_are_unit_vectors_and_repeat_bit_for_bit(detector: FastestDet) -> None:
    photo = Photo.open("example:cat")
    first, second = detector(photo), detector(photo)
    assert first
    for one, other in zip(first, second, strict=True):
        assert one.feature is not None
        assert one.feature.shape == (96,)
        assert one.feature.dtype == np.float32
        assert np.linalg.norm(one.feature) == pytest.approx(1, abs=1e-5)
        assert other.feature is not None
        assert np.array_equal(one.feature, other.feature)

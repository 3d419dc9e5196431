"""pipelines/seeing/cielab.py: the bits of scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2lab

from pipelines.seeing.cielab import cielab


@pytest.mark.parametrize("shape", [(40, 40, 3), (1, 7, 3)])
def test_colours_have_the_bits_of_scikit_image(shape: tuple[int, ...]) -> None:
    for seed in range(5):
        rgb = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        np.testing.assert_array_equal(cielab(rgb), rgb2lab(rgb))


def test_all_greys_have_no_chroma() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(256, 1, 3)
    found = cielab(greys)
    np.testing.assert_array_equal(found, rgb2lab(greys))
    assert np.abs(found[..., 1:]).max() < 0.01

"""hand_features.py and sift.py: descriptors are scikit-image's, and mean something."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from skimage.feature import hog
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders.hand_features import HOG, SIFT
from kg.errors import SightGraphError


@pytest.fixture(scope="module")
def rocket() -> Tensor:
    """A photograph, 160 x 160: [1, 3, 160, 160]."""
    pixels = torch.from_numpy(data.rocket()).permute(2, 0, 1).float() / 255
    return F.interpolate(pixels[None, :, 100:420, 160:480], (160, 160), mode="area")


def stripes(across: bool) -> Tensor:
    wave = (torch.arange(64) // 4 % 2).float()
    return (wave if across else wave[:, None]).expand(1, 3, 64, 64)


def test_grid_of_histograms_equals_scikit_images_blocks(rocket: Tensor) -> None:
    tokens = HOG()(rocket)
    theirs = hog(rocket[0].permute(1, 2, 0).numpy(), cells_per_block=(2, 2), channel_axis=-1)
    np.testing.assert_allclose(tokens.values.flatten().numpy(), theirs, atol=1e-6)
    assert tokens.boxes is not None
    assert tokens.boxes[0, 20].tolist() == [8, 8, 24, 24]


def test_histograms_tell_stripes_across_from_stripes_down() -> None:
    encoder = HOG(features="global")
    across, down = encoder(stripes(True)).pooled(), encoder(stripes(False)).pooled()
    darker = encoder(stripes(True) / 2).pooled()
    assert F.cosine_similarity(across, darker).item() > 0.99
    assert F.cosine_similarity(across, down).item() < 0.5


def test_region_of_a_histogram_is_the_window_of_its_box(rocket: Tensor) -> None:
    found = HOG(features="region")(rocket, [torch.tensor([[20.0, 30, 84, 94], [0, 0, 9, 5]])])
    alone = HOG(features="global")(rocket[..., 30:94, 20:84])
    torch.testing.assert_close(found.values[0, 0], alone.values[0, 0])


def test_image_smaller_than_a_block_is_refused() -> None:
    with pytest.raises(SightGraphError, match="at least 16 x 16"):
        HOG()(torch.rand(1, 3, 12, 40))
    with pytest.raises(SightGraphError, match="a window of 8 x 8"):
        HOG(features="global", window=8)


def test_keypoints_lie_on_the_image_largest_first(rocket: Tensor) -> None:
    tokens = SIFT(most=20)(rocket)
    assert tokens.mask.sum() == 20
    assert tokens.boxes is not None
    torch.testing.assert_close(tokens.values.norm(dim=-1), torch.ones(1, 20))
    every = SIFT(most=10_000)(rocket)
    assert every.mask.sum() > 20
    assert every.values[0, :20].equal(tokens.values[0])


def test_turned_photograph_has_nearly_the_same_keypoints(rocket: Tensor) -> None:
    encoder = SIFT(most=30)
    straight = encoder(rocket).values[0]
    turned = encoder(rocket.rot90(1, (2, 3))).values[0]
    other = encoder(torch.rand(1, 3, 160, 160)).values[0]
    assert (straight @ turned.T).amax(1).median() > 0.95
    assert (straight @ other.T).amax(1).median() < 0.9


def test_plain_image_has_no_keypoint(rocket: Tensor) -> None:
    tokens = SIFT()(torch.cat([rocket, torch.full_like(rocket, 0.5)]))
    assert tokens.mask.any(1).tolist() == [True, False]
    assert not SIFT()(torch.full((1, 3, 32, 32), 0.5)).mask.any()


def test_image_too_small_for_keypoints_is_refused() -> None:
    SIFT()(torch.rand(1, 3, 12, 12))
    with pytest.raises(SightGraphError, match="at least 12 x 12"):
        SIFT()(torch.rand(1, 3, 11, 40))

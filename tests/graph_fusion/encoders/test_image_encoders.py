"""IMAGE_ENCODERS: one shared case for every registered encoder."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders import IMAGE_ENCODERS, ImageEncoder
from kg.errors import SightGraphError, UnknownNameError

SIDE = 64
SMALL: dict[str, dict[str, Any]] = {
    "hog": {},
    "shufflenet_v2_x0_5": {},
    "sift": {},
    "small_cnn": {"channels": [8, 16]},
    "torchvision": {"model": "shufflenet_v2_x0_5", "last": "stage3"},
}
"""What the shared case runs, with options; `test_torchvision_models.py` and `test_vit.py` compare
one of each family of the others, which share their code, with torchvision's."""
LARGE = {
    "mobilenet_v2": 1280,
    "mobilenet_v3_large": 960,
    "mobilenet_v3_small": 576,
    "resnet101": 2048,
    "resnet152": 2048,
    "resnet18": 512,
    "resnet34": 512,
    "resnet50": 2048,
    "shufflenet_v2_x1_0": 1024,
    "shufflenet_v2_x1_5": 1024,
    "shufflenet_v2_x2_0": 2048,
    **{f"vgg{depth}{norm}": 512 for depth in (11, 13, 16, 19) for norm in ("", "_bn")},
    "vit_b_16": 768,
    "vit_b_32": 768,
    "vit_h_14": 1280,
    "vit_l_16": 1024,
    "vit_l_32": 1024,
}
"""What is only run without numbers, with the features of a token."""
TRAINED = sorted(set(SMALL) - {"hog", "sift"})
MAPPED = sorted(set(SMALL) - {"sift"})
"""Encoders that give global, grid and region features."""


def fresh(name: str, **options: Any) -> ImageEncoder:
    torch.manual_seed(0)
    return IMAGE_ENCODERS.make(name, **SMALL[name], **options).eval()


made = cache(fresh)
"""For tests that only look."""


@pytest.fixture(scope="module")
def images() -> Tensor:
    coarse = torch.rand(2, 3, 9, 9, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, (SIDE, SIDE), mode="bilinear")


BOXES = [torch.tensor([[0.0, 0, 32, 32], [16, 16, 60, 48], [0, 0, 64, 64]]), torch.zeros(0, 4)]


def test_every_registered_encoder_is_covered() -> None:
    assert set(IMAGE_ENCODERS) == set(SMALL) | set(LARGE)


@pytest.mark.parametrize("name", SMALL)
def test_tokens_are_finite_placed_and_the_same_again(name: str, images: Tensor) -> None:
    encoder = made(name)
    with torch.no_grad():
        tokens, again = encoder(images), encoder(images)
    assert tokens.dim == encoder.dim
    assert tokens.values.isfinite().all()
    assert tokens.mask.any(1).all()
    assert not tokens.values[~tokens.mask].any()
    assert tokens.values.equal(again.values)
    assert tokens.mask.equal(again.mask)
    places = tokens.boxes
    assert places is not None
    assert places.min() >= 0
    assert places.max() <= SIDE
    assert (places[..., 2:] > places[..., :2])[tokens.mask].all()


@pytest.mark.parametrize("name", SMALL)
def test_an_image_in_a_batch_has_the_tokens_it_has_alone(name: str, images: Tensor) -> None:
    encoder = made(name)
    with torch.no_grad():
        together, alone = encoder(images), encoder(images[1:])
    torch.testing.assert_close(
        together.values[1][together.mask[1]], alone.values[alone.mask], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", SMALL)
def test_config_and_state_make_the_same_encoder(name: str, images: Tensor) -> None:
    encoder = made(name)
    config = json.loads(json.dumps(encoder.config(), sort_keys=True))
    torch.manual_seed(1)
    copy = IMAGE_ENCODERS.make(name, **config).eval()
    copy.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        assert copy(images).values.equal(encoder(images).values)


@pytest.mark.parametrize("name", MAPPED)
def test_global_is_one_token_and_regions_are_one_a_box(name: str, images: Tensor) -> None:
    whole, region = made(name, features="global"), made(name, features="region")
    with torch.no_grad():
        tokens, found = whole(images), region(images, BOXES)
    assert tokens.values.shape == (2, 1, whole.dim)
    assert found.values.shape == (2, 3, region.dim)
    assert found.mask.tolist() == [[True] * 3, [False] * 3]
    assert found.boxes is not None
    assert found.boxes[0].equal(BOXES[0])
    assert not found.values[0, 0].allclose(found.values[0, 1], rtol=1e-3)


@pytest.mark.parametrize("name", MAPPED)
def test_images_without_any_box_have_no_region(name: str, images: Tensor) -> None:
    with torch.no_grad():
        found = made(name, features="region")(images, [torch.zeros(0, 4)] * 2)
    assert found.values.shape[1] == 1
    assert not found.mask.any()


@pytest.mark.parametrize("name", TRAINED)
def test_gradients_reach_every_weight_that_is_not_frozen(name: str, images: Tensor) -> None:
    encoder = fresh(name).train()
    (encoder(images).values ** 2).sum().backward()
    without = [key for key, weight in encoder.named_parameters() if weight.grad is None]
    assert not without


@pytest.mark.parametrize("name", TRAINED)
def test_frozen_encoder_stays_as_it_is_in_training(name: str, images: Tensor) -> None:
    encoder = fresh(name, frozen=True).train()
    before = {key: value.clone() for key, value in encoder.state_dict().items()}
    tokens = encoder(images)
    assert not tokens.values.requires_grad
    assert not any(weight.requires_grad for weight in encoder.parameters())
    assert all(value.equal(before[key]) for key, value in encoder.state_dict().items())


@pytest.mark.parametrize("name", LARGE)
def test_large_encoders_give_tokens_of_their_features(name: str) -> None:
    with torch.device("meta"):
        encoder = IMAGE_ENCODERS.make(name)
        tokens = encoder(torch.zeros(1, 3, 224, 224))
    assert tokens.dim == encoder.dim == LARGE[name]


@pytest.mark.parametrize("name", SMALL)
def test_what_is_no_image_is_refused(name: str) -> None:
    encoder = made(name)
    with pytest.raises(SightGraphError, match=r"float\(\) / 255"):
        encoder(torch.zeros(1, 3, SIDE, SIDE, dtype=torch.uint8))
    with pytest.raises(SightGraphError, match="Divide them by 255"):
        encoder(torch.full((1, 3, SIDE, SIDE), 200.0))
    with pytest.raises(SightGraphError, match="permute"):
        encoder(torch.zeros(1, SIDE, SIDE, 3))


@pytest.mark.parametrize("name", MAPPED)
def test_boxes_that_do_not_fit_are_refused(name: str, images: Tensor) -> None:
    encoder = made(name, features="region")
    with pytest.raises(SightGraphError, match="needs the boxes"):
        encoder(images)
    with pytest.raises(SightGraphError, match="2 images, but boxes of 1"):
        encoder(images, BOXES[:1])
    with pytest.raises(SightGraphError, match="image 1 has no area"):
        encoder(images, [BOXES[0], torch.tensor([[30.0, 10, 20, 40]])])
    with pytest.raises(UnknownNameError, match="Did you mean 'region'"):
        made(name, features="regions")


def test_grid_cells_tile_the_image_row_by_row(images: Tensor) -> None:
    tokens = made("small_cnn")(images)
    assert tokens.boxes is not None
    assert tokens.values.shape[1] == 16 * 16
    assert tokens.boxes[0, 1].tolist() == [4, 0, 8, 4]
    assert tokens.boxes[0, 16].tolist() == [0, 4, 4, 8]
    assert tokens.centres[0, -1].tolist() == [62, 62]


def test_coordinates_of_a_cell_agree_with_its_place(images: Tensor) -> None:
    tokens = made("small_cnn")(images)
    torch.testing.assert_close(tokens.values[..., -2:], tokens.centres / SIDE * 2 - 1)
    assert made("small_cnn", coordinates=False).dim == 16


def test_small_cnn_reads_sort_of_clevr_as_relation_networks_do() -> None:
    assert IMAGE_ENCODERS.make("small_cnn")(torch.rand(1, 3, 75, 75)).values.shape == (1, 25, 258)


def test_region_of_a_bright_patch_differs_from_the_dark_rest() -> None:
    image = torch.zeros(1, 3, SIDE, SIDE)
    image[..., :32, 32:] = 1
    boxes = [torch.tensor([[36.0, 4, 60, 28], [4, 36, 28, 60], [4, 4, 24, 24]])]
    with torch.no_grad():
        bright, dark, also_dark = made("small_cnn", features="region", coordinates=False)(
            image, boxes
        ).values[0]
    assert (bright - dark).norm() > 5 * (dark - also_dark).norm()

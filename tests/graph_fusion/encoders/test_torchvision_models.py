"""graph_fusion/encoders/torchvision_models.py: the networks are torchvision's, weights by file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import get_model

from graph_fusion.encoders import IMAGE_ENCODERS
from graph_fusion.encoders.torchvision_models import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    model_names,
    torchvision_encoder,
)
from kg.errors import SightGraphError, UnknownNameError

ONE_A_FAMILY = ["resnet18", "mobilenet_v2", "shufflenet_v2_x0_5", "efficientnet_b0"]


def reference(model: str, **options: Any) -> nn.Module:
    """Return torchvision's own network with some random weights, statistics included."""
    torch.manual_seed(3)
    net: nn.Module = get_model(model, weights=None, **options).eval()
    for name, value in net.named_buffers():
        if name.endswith("running_mean"):
            value.normal_(std=0.1)
    return net


def written(net: nn.Module, file: Path) -> Path:
    torch.save(net.state_dict(), file)
    return file


@pytest.mark.parametrize("model", ONE_A_FAMILY)
def test_global_features_are_what_torchvisions_classifier_sees(model: str, tmp_path: Path) -> None:
    net = reference(model)
    encoder = torchvision_encoder(model, "global", written(net, tmp_path / "w.pth")).eval()
    for head in ("fc", "classifier"):
        if hasattr(net, head):
            setattr(net, head, nn.Identity())
    images = torch.rand(1, 3, 96, 96)
    mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)
    standardised = (images - mean[:, None, None]) / deviation[:, None, None]
    with torch.no_grad():
        torch.testing.assert_close(
            encoder(images).values[:, 0], net(standardised), rtol=1e-4, atol=1e-4
        )


def test_direct_names_are_all_of_their_families() -> None:
    direct = set(IMAGE_ENCODERS) & set(model_names())
    families = ("resnet", "mobilenet", "shufflenet", "vgg", "vit")
    assert direct == {name for name in model_names() if name.startswith(families)}
    assert "resnext50_32x4d" in model_names()


def test_weights_load_from_safetensors_and_from_wrapped_checkpoints(tmp_path: Path) -> None:
    net = reference("resnet18", num_classes=7)  # another classifier than ImageNet's
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    wrapped = {f"module.{name}": value for name, value in net.state_dict().items()}
    torch.save({"state_dict": wrapped, "epoch": 3}, tmp_path / "w.pth")
    for file in ("w.safetensors", "w.pth"):
        body = torchvision_encoder("resnet18", weights=tmp_path / file).body
        assert isinstance(body.net, nn.Module)
        assert body.net.state_dict()["conv1.weight"].equal(net.state_dict()["conv1.weight"])


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    file = written(reference("resnet18"), tmp_path / "w.pth")
    with pytest.raises(SightGraphError, match=r"do not fit resnet50.*such as layer1\.0"):
        torchvision_encoder("resnet50", weights=file)
    with pytest.raises(SightGraphError, match="Is it another model"):
        torchvision_encoder("shufflenet_v2_x0_5", weights=file)
    thin = written(reference("shufflenet_v2_x0_5"), tmp_path / "thin.pth")
    with pytest.raises(SightGraphError, match=r"is \[48\] there, \[116\] here|is \[24, 24"):
        torchvision_encoder("shufflenet_v2_x1_0", weights=thin)


def test_file_without_the_last_stages_says_where_to_stop(tmp_path: Path) -> None:
    state = reference("shufflenet_v2_x0_5").state_dict()
    kept = {name: value for name, value in state.items() if not name.startswith(("conv5", "fc"))}
    save_file(kept, tmp_path / "part.safetensors")
    with pytest.raises(SightGraphError, match="up to 'stage4': set last to it"):
        torchvision_encoder("shufflenet_v2_x0_5", weights=tmp_path / "part.safetensors")
    encoder = torchvision_encoder(
        "shufflenet_v2_x0_5", weights=tmp_path / "part.safetensors", last="stage4"
    )
    assert encoder.dim == 192


class Malice:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("malice-ran"),)


@pytest.mark.parametrize("content", ["malice", "text", "list", "absent", "", "a", "abc"])
def test_files_that_are_no_weights_are_refused_and_never_run(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "w.pth"
    if content == "malice":
        torch.save({"conv1.weight": Malice()}, file)
    elif content == "list":
        torch.save([1, 2], file)
    elif content != "absent":
        file.write_text(content)
    with pytest.raises(SightGraphError, match=r"w\.pth"):
        torchvision_encoder("resnet18", weights=file)
    assert not (tmp_path / "malice-ran").exists()


def test_weights_by_torchvisions_name_come_from_torch_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    net = reference("mobilenet_v3_small")
    written(net, folder / "mobilenet_v3_small-047dcff4.pth")
    encoder = torchvision_encoder("mobilenet_v3_small", weights="IMAGENET1K_V1")
    first = "features.0.0.weight"
    assert encoder.state_dict()[f"body.net.{first}"].equal(net.state_dict()[first])


def test_weights_that_cannot_be_downloaded_say_where_to_put_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", unreachable)
    with pytest.raises(SightGraphError, match=r"'resnet18-f37072fd\.pth'.*checkpoints.*file"):
        torchvision_encoder("resnet18", weights="DEFAULT")


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'resnet18'"):
        torchvision_encoder("resnet-18")
    with pytest.raises(UnknownNameError, match="Did you mean 'layer3'"):
        torchvision_encoder("resnet18", last="layer_3")
    with pytest.raises(UnknownNameError, match="Did you mean 'IMAGENET1K_V1'"):
        torchvision_encoder("resnet18", weights="IMAGENET_V1")
    with pytest.raises(SightGraphError, match="leave out image_size"):
        torchvision_encoder("resnet18", image_size=64)
    with pytest.raises(SightGraphError, match="leave out last"):
        torchvision_encoder("vit_b_32", last="layer3")


@pytest.mark.parametrize(
    ("model", "last", "cells"), [("resnet18", "layer3", 16), ("mobilenet_v2", "features.13", 16)]
)
def test_an_earlier_stage_has_a_finer_grid(model: str, last: str, cells: int) -> None:
    tokens = torchvision_encoder(model, last=last).eval()(torch.rand(1, 3, 64, 64))
    assert tokens.values.shape[1] == cells
    assert torchvision_encoder(model).eval()(torch.rand(1, 3, 64, 64)).values.shape[1] == 4


@pytest.fixture(scope="module")
def pretrained(datasets: Path) -> Path:
    file = datasets / "weights_shufflenet" / "shufflenet_v2_x0_5_pretrained_backbone.pth"
    if not file.is_file():
        pytest.skip(f"{file} is not there: weights_shufflenet is not part of the project")
    return file


CLASSES = ["Faces", "binocular", "cellphone", "dalmatian", "flamingo", "mandolin"]
EACH = 8


@pytest.fixture(scope="module")
def photographs(datasets: Path) -> Tensor:
    """Eight photographs of each class, 128 x 128: [48, 3, 128, 128]."""
    folder = datasets / "caltech101" / "images"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: caltech101 is not part of the project")
    files = [file for name in CLASSES for file in sorted((folder / name).iterdir())[:EACH]]
    pixels = [np.asarray(Image.open(file).convert("RGB").resize((128, 128))) for file in files]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255


def neighbours_of_the_same_class(encoder: nn.Module, photographs: Tensor) -> float:
    with torch.no_grad():
        values = encoder.eval()(photographs).pooled()
    unit = F.normalize((values - values.mean(0)) / (values.std(0) + 1e-6), dim=1)
    likeness = (unit @ unit.T).fill_diagonal_(-2)
    classes = torch.arange(len(CLASSES)).repeat_interleave(EACH)
    return float((classes[likeness.argmax(1)] == classes).float().mean())


def test_pretrained_backbone_puts_photographs_of_a_class_together(
    pretrained: Path, photographs: Tensor
) -> None:
    options: dict[str, Any] = {"features": "global", "last": "stage4", "standardise": False}
    torch.manual_seed(0)
    untrained = torchvision_encoder("shufflenet_v2_x0_5", **options)
    trained = torchvision_encoder("shufflenet_v2_x0_5", weights=pretrained, **options)
    assert json.dumps(trained.config())
    assert neighbours_of_the_same_class(untrained, photographs) < 0.6
    assert neighbours_of_the_same_class(trained, photographs) > 0.75

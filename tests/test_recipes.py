"""examples/configs: every recipe trains by its one command, and docs/recipes.md lists it."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml  # type: ignore[import-untyped]
from click.testing import CliRunner
from safetensors.torch import load_file

from graph_fusion.encoders import IMAGE_ENCODERS, TOKEN_ENCODERS
from graph_fusion.fusion import FUSIONS
from graph_fusion.layers import LAYERS
from pipelines.cli.app import main

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = sorted((ROOT / "examples" / "configs").glob("*.yaml"))
EPOCH = re.compile(
    r"^epoch (\d) of (\d): train loss (\S+), validation loss (\S+), validation accuracy (\S+)$",
    re.MULTILINE,
)
WEIGHTS = re.compile(r"^  # weights: (\S+).*$", re.MULTILINE)
"""The line of a recipe that a user with a network takes the comment off."""

OTHERS = {
    "language": "sightgraph train okvqa, whose names of objects are spelt out in word pieces",
}
"""Fusions that no recipe has, and the command that trains them."""
FAMILIES = ("mobilenet", "shufflenet")
"""Image encoders that no textbook model has; tests/pipelines/bench/test_folder.py trains them by
`sightgraph train folder`, as it does the other sizes of the families below."""


def command_of(config: Path) -> list[str]:
    """Return the arguments of the command on the second line of a recipe."""
    return shlex.split(config.read_text().splitlines()[1].removeprefix("# sightgraph "))


def trained(arguments: list[str]) -> list[tuple[str, ...]]:
    """Run a training, and return the figures of its epochs as they are printed."""
    done = CliRunner().invoke(main, [*arguments, "--log", "none"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert re.search(r"^accuracy +[01]\.\d", done.output, re.MULTILINE)
    return EPOCH.findall(done.output)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder that looks like the project's root, and a vision transformer of one layer."""
    from torchvision.models import vision_transformer

    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    original = vision_transformer._vision_transformer

    def of_one_layer(**options: Any) -> Any:
        return original(**options | {"num_layers": 1})

    monkeypatch.setattr(vision_transformer, "_vision_transformer", of_one_layer)
    yield
    for file in tmp_path.rglob("*.safetensors"):  # pytest keeps the folders of three runs
        if not file.is_symlink() and "examples" not in file.parts:
            file.unlink()


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.stem)
def test_a_recipe_trains_by_its_command_and_prints_its_figures(config: Path) -> None:
    epochs = trained(command_of(config))
    assert [(epoch, of) for epoch, of, *_ in epochs] == [("1", "2"), ("2", "2")]
    for _, _, train_loss, validation_loss, accuracy in epochs:
        assert math.isfinite(float(train_loss))
        assert math.isfinite(float(validation_loss))
        assert 0 <= float(accuracy) <= 1
    assert Path(f"runs/{config.stem}/model.safetensors").is_file()


def with_weights() -> list[Path]:
    return [config for config in CONFIGS if WEIGHTS.search(config.read_text())]


@pytest.mark.parametrize("config", with_weights(), ids=lambda config: config.stem)
def test_the_weights_that_a_recipe_offers_are_torchvisions(config: Path) -> None:
    from torchvision.models import get_model_weights

    text = config.read_text()
    (name,) = WEIGHTS.findall(text)
    encoder = yaml.safe_load(text)["image_encoder"]
    assert name in get_model_weights(encoder.get("model", encoder["name"])).__members__


def test_weights_by_name_are_loaded_and_stay_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import ResNet18_Weights, resnet18

    state = resnet18().state_dict()
    asked: list[object] = []

    def downloaded(self: ResNet18_Weights, *_: object, **__: object) -> dict[str, torch.Tensor]:
        asked.append(self)
        return dict(state)

    monkeypatch.setattr(ResNet18_Weights, "get_state_dict", downloaded)
    recipe = ROOT / "examples" / "configs" / "resnet_gru_attention.yaml"
    Path("own.yaml").write_text(WEIGHTS.sub(r"  weights: \1", recipe.read_text()))
    arguments = command_of(recipe)
    arguments[arguments.index("--config") + 1] = "own.yaml"
    assert len(trained(arguments)) == 2
    assert asked == [ResNet18_Weights.IMAGENET1K_V1]
    saved = load_file("runs/resnet_gru_attention/model.safetensors")
    (first,) = (value for name, value in saved.items() if name.endswith("body.net.conv1.weight"))
    assert torch.equal(first, state["conv1.weight"])


def names_in(key: str) -> set[str]:
    """Return the names of components that recipes have under `key`."""
    configs = [yaml.safe_load(config.read_text()) for config in CONFIGS]
    parts = [config[key] for config in configs if key in config]
    return {part["name"] if isinstance(part, dict) else part for part in parts}


def test_every_fusion_encoder_and_layer_is_in_a_recipe_or_another_command() -> None:
    fusions = names_in("fusion")
    assert set(FUSIONS) == fusions | set(OTHERS)
    assert set(LAYERS) == (names_in("layer") | fusions) & set(LAYERS)
    assert set(TOKEN_ENCODERS) == names_in("text_encoder")
    images = names_in("image_encoder") - {"none"}
    assert images <= set(IMAGE_ENCODERS)
    families = (*FAMILIES, *{re.split(r"\d|_b", name)[0] for name in images})
    assert [name for name in IMAGE_ENCODERS if not name.startswith(families)] == []


def test_the_page_has_every_recipe_with_its_command() -> None:
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    for config in CONFIGS:
        assert f"(../examples/configs/{config.stem}.yaml)" in page, config.stem
    links = re.findall(r"\]\((\.\./[^)#]+)\)", page)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []

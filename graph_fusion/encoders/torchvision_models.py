"""torchvision's models without their classifier; weights from a file or from torchvision."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.encoders.cnn import FeatureMap, MapEncoder, Standardise
from graph_fusion.weights import check_weights
from kg.errors import SightGraphError, unknown_name

_AFTER_THE_MAP = ("avgpool", "fc", "classifier")
_PROBE = 32
"""Side of the black picture that is passed through, to see how many features come out."""


class CNNBody(nn.Module):
    """The stages of a classifier up to its last map; parameters keep torchvision's names.

    Shapes:
        images: [B, 3, H, W]; returns `FeatureMap`: cells [B, D, h, w], for most networks with
            h = H / 32, and their mean
    """

    def __init__(self, net: nn.Sequential, dim: int) -> None:
        super().__init__()
        self.net = net
        self.dim = dim

    def forward(self, images: Tensor) -> FeatureMap:
        cells = self.net(images)
        return FeatureMap(cells, cells.mean((2, 3)))


def cnn_body(model: str, last: str | None) -> CNNBody:
    """Return the untrained body of torchvision's `model`, up to the stage `last`.

    Raises:
        UnknownNameError: the model has no such stage.
    """
    from torchvision.models import get_model

    net = _cut(get_model(model, weights=None), last)
    black = torch.zeros(1, 3, _PROBE, _PROBE, device=next(net.parameters()).device)
    with torch.no_grad():
        dim = net.eval()(black).shape[1]
    return CNNBody(net.train(), dim)


def stages(net: nn.Module) -> list[str]:
    """Return the names of the stages of a classifier or of a part of it, in order.

    A network that is one long `features` (MobileNet) has the stages features.0, features.1, ...
    """
    names = [name for name, _ in net.named_children() if name not in _AFTER_THE_MAP]
    if names != ["features"]:
        return names
    return [f"features.{name}" for name, _ in net.get_submodule("features").named_children()]


def _cut(model: nn.Module, last: str | None) -> nn.Sequential:
    known = stages(model)
    if last is None:
        last = known[-1]
    if last not in known:
        raise unknown_name("stage", last, known)
    kept = known[: known.index(last) + 1]
    if last.startswith("features."):
        inner = OrderedDict((name.split(".")[1], model.get_submodule(name)) for name in kept)
        return nn.Sequential(OrderedDict(features=nn.Sequential(inner)))
    return nn.Sequential(OrderedDict((name, model.get_submodule(name)) for name in kept))


class ViTBody(nn.Module):
    """The patches' vectors after the last layer as a map, and the class token as the whole.

    Positions are learnt for a square of `image_size`; for another size they are interpolated
    as in section 3.2 of the paper. Parameters keep torchvision's names.

    net: a torchvision `VisionTransformer`; it loses its classifier.

    Shapes:
        images: [B, 3, H, W], H and W multiples of the patch
        returns `FeatureMap`: cells [B, D, H / patch, W / patch], whole [B, D]
    """

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.patch: int = net.patch_size
        self.dim: int = net.hidden_dim
        del net.heads
        self.net = net

    def forward(self, images: Tensor) -> FeatureMap:
        self._check_size(*images.shape[2:])
        patches = self.net.conv_proj(images)
        rows, columns = patches.shape[2:]
        start = self.net.class_token.expand(len(images), -1, -1)
        x = torch.cat([start, patches.flatten(2).transpose(1, 2)], dim=1)
        encoder = self.net.encoder
        x = encoder.layers(encoder.dropout(x + self._positions(rows, columns)))
        x = encoder.ln(x)
        return FeatureMap(
            x[:, 1:].transpose(1, 2).reshape(len(x), self.dim, rows, columns), x[:, 0]
        )

    def _positions(self, rows: int, columns: int) -> Tensor:
        learnt: Tensor = self.net.encoder.pos_embedding
        side = self.net.image_size // self.patch
        if (rows, columns) == (side, side):
            return learnt
        square = learnt[:, 1:].transpose(1, 2).reshape(1, self.dim, side, side)
        fitted = F.interpolate(square, (rows, columns), mode="bicubic", align_corners=False)
        return torch.cat([learnt[:, :1], fitted.flatten(2).transpose(1, 2)], dim=1)

    def _check_size(self, height: int, width: int) -> None:
        if height % self.patch or width % self.patch or not height or not width:
            nearest = [max(1, round(side / self.patch)) * self.patch for side in (height, width)]
            raise SightGraphError(
                f"images of {height} x {width} cannot be cut into patches of {self.patch} x "
                f"{self.patch} pixels. Resize them to {nearest[0]} x {nearest[1]}."
            )


IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
VIT_SIZE = 224

_WRAPPERS = ("state_dict", "model", "model_state_dict", "net")
"""Where training programmes put the weights beside epoch and optimiser."""
_PREFIXES = ("module.", "model.", "backbone.", "encoder.net.", "body.net.")
"""What wrapping modules put before every name."""
UNREADABLE = (
    *(OSError, RuntimeError, EOFError, IndexError, KeyError, ValueError),
    *(pickle.UnpicklingError, SafetensorError),
)
"""What loading a damaged file of weights may raise."""
_SHOWN = 3


def read_state(model: str, weights: str | Path) -> dict[str, Tensor]:
    """Return the weights in the file `weights`, or torchvision's own of that name.

    Raises:
        UnknownNameError: torchvision has no such weights for the model.
        SightGraphError: the file cannot be read, or nothing can be downloaded.
    """
    if not _is_file(weights):
        return _from_torchvision(model, str(weights))
    file = Path(weights)
    if not file.is_file():
        raise SightGraphError(f"there is no file of weights '{file}' for {model}.")
    try:
        if file.suffix == ".safetensors":
            found: Any = load_file(file)
        else:
            found = torch.load(file, weights_only=True, map_location="cpu")
    except UNREADABLE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise SightGraphError(
            f"the weights '{file}' cannot be read: {reason}. Give a "
            "state dict as .safetensors, or as .pth that holds nothing but tensors."
        ) from error
    state = _unwrapped(found, file)
    try:
        check_weights(state)
    except ValueError as error:
        raise SightGraphError(f"the weights '{file}' cannot be used: {error}.") from error
    return state


def load_body(body: nn.Module, state: Mapping[str, Tensor], model: str, source: str | Path) -> None:
    """Put `state` into `body`; what belongs to the classifier or later stages is left out.

    Raises:
        SightGraphError: a weight of the body is missing or has another size.
    """
    expected = body.state_dict()
    counters = [name for name in expected if name.endswith("num_batches_tracked")]
    missing = [name for name in expected if name not in state and name not in counters]
    if missing:
        raise SightGraphError(
            f"the weights '{source}' do not fit {model}: {len(missing)} of {len(expected)} are "
            f"missing, such as {', '.join(missing[:_SHOWN])}.{_hint(body, missing)}"
        )
    for name, value in expected.items():
        if name in state and state[name].shape != value.shape:
            raise SightGraphError(
                f"the weights '{source}' do not fit {model}: '{name}' is "
                f"{list(state[name].shape)} there, {list(value.shape)} here."
                + (" Set image_size." if "pos_embedding" in name else " Is it another model?")
            )
    body.load_state_dict({name: state.get(name, expected[name]) for name in expected})


def colours(model: str, weights: str | Path | None) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of the colours that the weights were trained with.

    Those of ImageNet where nothing else is known.
    """
    if weights is None or _is_file(weights):
        return IMAGENET_MEAN, IMAGENET_DEVIATION
    preset = _entry(model, str(weights)).transforms()
    return tuple(preset.mean), tuple(preset.std)


def trained_size(model: str, weights: str | Path | None) -> int:
    """Return the side of the images that a vision transformer's weights were trained on."""
    if weights is None or _is_file(weights):
        return VIT_SIZE
    return int(_entry(model, str(weights)).meta["min_size"][0])


def _is_file(weights: str | Path) -> bool:
    """Tell a file from a name of torchvision's, by its suffix."""
    return isinstance(weights, Path) or Path(weights).suffix in {".safetensors", ".pth", ".pt"}


def _entry(model: str, name: str) -> Any:
    from torchvision.models import get_model_weights

    known = get_model_weights(model)
    if name == "DEFAULT":
        return known.DEFAULT
    if name not in known.__members__:
        raise unknown_name(
            f"weights of {model} (or file .safetensors, .pth)", name, known.__members__
        )
    return known[name]


def _from_torchvision(model: str, name: str) -> dict[str, Tensor]:
    entry = _entry(model, name)
    try:
        state = entry.get_state_dict(progress=False, check_hash=True, weights_only=True)
    except (URLError, OSError, RuntimeError) as error:
        raise SightGraphError(
            f"the weights {name} of {model} cannot be downloaded ({error}). Put the file "
            f"'{Path(entry.url).name}' of {entry.url} into {torch.hub.get_dir()}/checkpoints "
            "(TORCH_HOME moves it), or give weights as a file (.safetensors, .pth)."
        ) from error
    return _unwrapped(state, Path(entry.url))


def _unwrapped(found: Any, file: Path) -> dict[str, Tensor]:
    """Return the tensors by torchvision's names, out of whatever a training wrote around them."""
    for wrapper in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    tensors = isinstance(found, Mapping) and all(isinstance(one, Tensor) for one in found.values())
    if not tensors or not found:
        raise SightGraphError(
            f"'{file}' holds no state dict (names with tensors). Save model.state_dict()."
        )
    state = dict(found)
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return {_today(name): value for name, value in state.items()}


def _today(name: str) -> str:
    """Return today's name of a weight; files of vision transformers may have older ones."""
    return name.replace(".mlp.linear_1.", ".mlp.0.").replace(".mlp.linear_2.", ".mlp.3.")


def _hint(body: nn.Module, missing: list[str]) -> str:
    """Say where to stop when the weights hold only the first stages, as backbones' often do."""
    order = stages(body) if isinstance(body, nn.Sequential) else []
    lacking = [one for one in order if any(name.startswith(f"{one}.") for name in missing)]
    if not lacking or order.index(lacking[0]) == 0:
        return " Is it another model?"
    return f" They go up to '{order[order.index(lacking[0]) - 1]}': set last to it."


FAMILIES = (
    *("resnet", "resnext", "wide_resnet", "mobilenet", "shufflenet", "efficientnet", "vgg", "vit"),
)


def torchvision_encoder(
    model: str,
    features: str = "grid",
    weights: str | Path | None = None,
    frozen: bool = False,
    last: str | None = None,
    image_size: int | None = None,
    standardise: bool = True,
) -> MapEncoder:
    """Return torchvision's `model` without its classifier; see `model_names`.

    weights: a file (.safetensors, .pth), or the name of torchvision's own ("IMAGENET1K_V1",
        "DEFAULT"), which are downloaded once; None: start untrained.
    last: of a convolutional network, the last stage that is run. Earlier stages have finer
        grids: "layer3" of a ResNet has one cell for 16 pixels, "layer4" one for 32.
    image_size: of a vision transformer, the side that its positions are learnt for; default
        what the weights were trained on, 224 for files and untrained ones.
    standardise: give the network colours less their mean, over their deviation, as the weights'
        training did (ImageNet's for a file); False: colours in [0, 1] as they are, which
        weights of detectors may want (FastestDet's ShuffleNetV2 does).

    Raises:
        UnknownNameError: no such model, stage, weights or kind of features.
        SightGraphError: the weights cannot be read or do not fit.
    """
    from torchvision.models import get_model

    known = model_names()
    if model not in known:
        raise unknown_name("torchvision model", model, known)
    body: nn.Module
    if model.startswith("vit"):
        if last is not None:
            raise SightGraphError(f"'{model}' has no stages to stop at: leave out last='{last}'.")
        image_size = image_size or trained_size(model, weights)
        body = ViTBody(get_model(model, weights=None, image_size=image_size))
    elif image_size is not None:
        raise SightGraphError(f"'{model}' takes images of any size: leave out image_size.")
    else:
        body = cnn_body(model, last)
    if weights is not None:
        load_body(body.net, read_state(model, weights), model, weights)  # type: ignore[arg-type]
    settings = {
        "model": model,
        "last": last,
        "image_size": image_size,
        "standardise": standardise,
    }
    before = Standardise(*colours(model, weights)) if standardise else None
    return MapEncoder(body, features, frozen, before, settings)


def model_names() -> list[str]:
    """Return torchvision's names of the models that `torchvision_encoder` takes."""
    from torchvision import models

    every = models.list_models(module=models)
    return [name for name in every if name.startswith(FAMILIES)]

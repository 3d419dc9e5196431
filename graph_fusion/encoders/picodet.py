"""PicoDet-S (Yu et al., "PP-PicoDet", arXiv:2111.00902): ESNet, CSP-PAN and a head on four maps.

The batch norms of the published weights are folded into their convolutions, so there are none
here. Layers are registered in the order of the published weights, which `read_ncnn` relies on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kg.errors import SightGraphError

STRIDES = (8, 16, 32, 64)
BINS = 8
"""A side's distance from the cell's middle is a distribution over 0, 1, ..., 7 strides."""
MEAN = (103.53 / 255, 116.28 / 255, 123.675 / 255)
STD = (57.375 / 255, 57.12 / 255, 58.395 / 255)
"""Of R, G and B, in this order: PaddleDetection trained with them on RGB."""
WIDTHS = (24, 96, 192, 384)
"""Channels of the stem and of the three stages."""
STAGES = ((44, (24, 24)), (48, (60, 48, 60, 48, 48, 48)), (96, (96, 96)))
"""Hidden channels of the first block of each stage, and of its other blocks."""


class Found(NamedTuple):
    """Output of the network for each of the A cells of its four maps.

    Shapes:
        classes: [B, A, C] logits of independent sigmoids, which estimate the IoU too
        distances: [B, A, 4, BINS] logits: left, top, right and bottom, in strides
        centres: [A, 2] x, y in pixels of the input; strides: [A]
    """

    classes: Tensor
    distances: Tensor
    centres: Tensor
    strides: Tensor

    @property
    def boxes(self) -> Tensor:
        """The boxes [B, A, 4] in pixels of the input, by the mean of each distribution.

        Generalized focal loss, Li et al., NeurIPS 2020, eq. 5.
        """
        bins = torch.arange(BINS, dtype=self.distances.dtype)
        distances = (self.distances.softmax(-1) @ bins) * self.strides[:, None]
        return torch.cat([self.centres - distances[..., :2], self.centres + distances[..., 2:]], -1)


class PicoDet(nn.Module):
    """Backbone, neck and head.

    Shapes:
        images: [B, 3, H, W] RGB in [0, 1], H and W multiples of 32
        returns `Found`
    """

    def __init__(self, classes: int = 80, channels: int = 96) -> None:
        super().__init__()
        self.backbone = ESNet()
        self.neck = CSPPAN(WIDTHS[1:], channels)
        self.heads = nn.ModuleList(_head(channels, classes + 4 * BINS) for _ in STRIDES)

    def forward(self, images: Tensor) -> Found:
        mean, std = (images.new_tensor(one).view(3, 1, 1) for one in (MEAN, STD))
        normal = ((images - mean) / std).contiguous(memory_format=torch.channels_last)
        maps = self.neck(self.backbone(normal))
        outputs = [head(one) for head, one in zip(self.heads, maps, strict=True)]
        cells = torch.cat([one.permute(0, 2, 3, 1).flatten(1, 2) for one in outputs], 1)
        classes, distances = cells[..., : -4 * BINS], cells[..., -4 * BINS :]
        centres = torch.cat(
            [_centres(one, stride) for one, stride in zip(outputs, STRIDES, strict=True)]
        )
        return Found(
            classes, distances.reshape(*distances.shape[:2], 4, BINS), centres[:, :2], centres[:, 2]
        )


class ESNet(nn.Module):
    """Enhanced ShuffleNet: ShuffleNetV2 with squeeze-and-excitation and depthwise mixing.

    Shapes:
        images: [B, 3, H, W], normalised; returns three maps [B, F, H / s, W / s], s = 8, 16, 32
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(3, WIDTHS[0], 3, stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(
                Downsampling(before, hidden, after), *(Residual(after, one) for one in others)
            )
            for before, after, (hidden, others) in zip(WIDTHS, WIDTHS[1:], STAGES, strict=False)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        x = F.max_pool2d(self.stem(images), 3, stride=2, padding=1)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


class Downsampling(nn.Module):
    """First block of a stage: halves the map in two branches and mixes them.

    Shapes:
        x: [B, C_in, H, W]; returns [B, C_out, H / 2, W / 2]
    """

    def __init__(self, before: int, hidden: int, after: int) -> None:
        super().__init__()
        self.short = nn.Sequential(
            _depthwise(before, 3, stride=2), _convolution(before, after // 2)
        )
        self.main = nn.Sequential(
            _convolution(before, hidden),
            _depthwise(hidden, 3, stride=2),
            SqueezeExcitation(hidden),
            _convolution(hidden, after // 2),
        )
        self.mix = nn.Sequential(
            _depthwise(after, 3), nn.Hardswish(inplace=True), _convolution(after, after)
        )

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = self.mix(torch.cat([self.short(x), self.main(x)], 1))
        return mixed


class Residual(nn.Module):
    """Other block of a stage: one half of the channels passes, the other is computed on.

    Depthwise channels are added beside the pointwise ones as in GhostNet (Han et al., CVPR 2020).

    Shapes:
        x: [B, C, H, W]; returns the same shape, channels shuffled
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.reduce = _convolution(channels // 2, hidden)
        self.ghost = _depthwise(hidden, 3)
        self.excite = SqueezeExcitation(2 * hidden)
        self.restore = _convolution(2 * hidden, channels // 2)

    def forward(self, x: Tensor) -> Tensor:
        passed, x = x.chunk(2, 1)
        x = self.reduce(x)
        x = self.restore(self.excite(torch.cat([x, self.ghost(x)], 1)))
        return torch.stack([passed, x], 2).flatten(1, 2)


class SqueezeExcitation(nn.Module):
    """Weights channels by their means (Hu et al., CVPR 2018), with a hard sigmoid.

    Shapes:
        x: [B, C, H, W]; returns the same shape
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 4, 1)
        self.excite = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.excite(self.squeeze(x.mean((2, 3), keepdim=True)).relu())
        return x * F.hardsigmoid(weight)


class CSPPAN(nn.Module):
    """Neck: maps exchange information downwards and upwards; a fourth map of stride 64 is added.

    Shapes:
        maps: three [B, F_i, H / s, W / s], s = 8, 16, 32; returns four [B, C, H / s, W / s]
    """

    def __init__(self, widths: tuple[int, ...], channels: int) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(_convolution(width, channels) for width in widths)
        self.down = nn.ModuleList(CrossStagePartial(channels) for _ in range(2))
        self.up = nn.ModuleList(
            nn.ModuleList([_halving(channels), CrossStagePartial(channels)]) for _ in range(2)
        )
        self.top = nn.ModuleList(_halving(channels) for _ in range(2))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        fine, middle, coarse = (reduce(one) for reduce, one in zip(self.reduce, maps, strict=True))
        middle = self.down[0](torch.cat([F.interpolate(coarse, scale_factor=2.0), middle], 1))
        found = [self.down[1](torch.cat([F.interpolate(middle, scale_factor=2.0), fine], 1))]
        for step, one in zip(self.up, (middle, coarse), strict=True):
            assert isinstance(step, nn.ModuleList)
            halve, join = step
            found.append(join(torch.cat([halve(found[-1]), one], 1)))
        return [*found, self.top[0](coarse) + self.top[1](found[-1])]


class CrossStagePartial(nn.Module):
    """Joins two maps; half of the channels skips the bottleneck (Wang et al., CVPRW 2020).

    Shapes:
        joined: [B, 2 C, H, W]; returns [B, C, H, W]
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.short = _convolution(2 * channels, half)
        self.main = nn.Sequential(
            _convolution(2 * channels, half),
            _convolution(half, half),
            _depthwise(half, 5),
            nn.Hardswish(inplace=True),
            _convolution(half, half),
        )
        self.join = _convolution(channels, channels)

    def forward(self, joined: Tensor) -> Tensor:
        x: Tensor = self.join(torch.cat([self.main(joined), self.short(joined)], 1))
        return x


def read_ncnn(network: PicoDet, file: Path) -> None:
    """Copy the weights of ncnn's fp32 `file` (.bin) into `network`.

    Each convolution stands there as a tag of four bytes, 0 for fp32, its weights and its biases.

    Raises:
        SightGraphError: the file is missing, has another size, or is not in fp32.
    """
    if not file.is_file():
        raise SightGraphError(f"there is no '{file}'. Set --data to the data folder.")
    numbers = np.fromfile(file, "<f4")
    layers = [one for one in network.modules() if isinstance(one, nn.Conv2d)]
    expected = sum(1 + one.weight.numel() + one.out_channels for one in layers)
    if len(numbers) != expected or file.stat().st_size != 4 * expected:
        raise SightGraphError(
            f"'{file}' has {file.stat().st_size} bytes; PicoDet-S in fp32 has {4 * expected}."
        )
    rest = iter(np.split(numbers, np.cumsum(list(_sizes(layers)))[:-1]))
    with torch.no_grad():
        for layer in layers:
            if next(rest).view("<u4")[0] != 0:
                raise SightGraphError(
                    f"'{file}' is not in fp32. Take the file of weights_detectors."
                )
            layer.weight.copy_(torch.from_numpy(next(rest).copy()).view_as(layer.weight))
            assert layer.bias is not None
            layer.bias.copy_(torch.from_numpy(next(rest).copy()))


def _sizes(layers: list[nn.Conv2d]) -> Iterator[int]:
    for layer in layers:
        yield from (1, layer.weight.numel(), layer.out_channels)


def _convolution(before: int, after: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(before, after, kernel, stride, kernel // 2)
    return nn.Sequential(layer, nn.Hardswish(inplace=True))


def _depthwise(channels: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, kernel, stride, kernel // 2, groups=channels)


def _halving(channels: int) -> nn.Sequential:
    depthwise = _depthwise(channels, 5, stride=2)
    return nn.Sequential(depthwise, nn.Hardswish(inplace=True), _convolution(channels, channels))


def _head(channels: int, outputs: int) -> nn.Sequential:
    """Return two depthwise separable layers and the prediction of a map."""
    layers: list[nn.Module] = []
    for _ in range(2):
        layers += [_depthwise(channels, 5), nn.Hardswish(inplace=True)]
        layers += [_convolution(channels, channels)]
    return nn.Sequential(*layers, nn.Conv2d(channels, outputs, 1))


def _centres(output: Tensor, stride: int) -> Tensor:
    """Return x, y and the stride of each cell of a map: [H W, 3]."""
    height, width = output.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    middle = (torch.stack([x, y], -1).flatten(0, 1) + 0.5) * stride
    return F.pad(middle, (0, 1), value=float(stride))

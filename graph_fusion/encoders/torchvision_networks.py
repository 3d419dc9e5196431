"""torchvision's convolutional classifiers without their classifier."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.encoders.cnn import FeatureMap
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

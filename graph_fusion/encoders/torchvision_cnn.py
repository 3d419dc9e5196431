"""torchvision's convolutional classifiers without their classifier."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from graph_fusion.encoders.feature_maps import FeatureMap
from kg.errors import unknown_name

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

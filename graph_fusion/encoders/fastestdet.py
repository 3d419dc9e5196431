"""The earlier detector's network: one map of stride 16 on ShuffleNetV2-0.5x.

The layout is FastestDet's (dog-qiuqiu, 2022, github.com/dog-qiuqiu/FastestDet), on torchvision's
ShuffleNetV2 (Ma et al., ECCV 2018): each place of the map says whether an object's middle is
near, which class it is, and where its box lies.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import shufflenet_v2_x0_5

STRIDE = 16
STAGE_CHANNELS = (48, 96, 192)
OBJECT_POWER = 0.6
"""A detection's score is objectness^0.6 * class^0.4, as FastestDet has it."""


class Found(NamedTuple):
    """What the network says at each of the A places of the map.

    Shapes:
        objectness [B, A] logits; classes [B, A, C] logits of a softmax
        boxes [B, A, 4]: x1, y1, x2, y2 as shares of the input's side
    """

    objectness: Tensor
    classes: Tensor
    boxes: Tensor

    def scores(self) -> Tensor:
        """Return the score of each class at each place: [B, A, C] in [0, 1]."""
        sure = self.objectness.sigmoid()[..., None] ** OBJECT_POWER
        return sure * self.classes.softmax(-1) ** (1 - OBJECT_POWER)


class DetectorNetwork(nn.Module):
    """Backbone, neck and head.

    Shapes:
        images: [B, 3, H, W] RGB in [0, 1], H and W multiples of 32
        returns `Found` with A = H/16 * W/16
    """

    def __init__(self, classes: int, channels: int = 96) -> None:
        super().__init__()
        self.backbone = ShuffleBackbone(channels)
        self.head = DetectionHead(channels, classes)

    def forward(self, images: Tensor) -> Found:
        return self.head(self.backbone(images))  # type: ignore[no-any-return]


class ShuffleBackbone(nn.Module):
    """Stages 2 to 4 of ShuffleNetV2-0.5x, joined in one map of stride 16.

    One level is enough for a detector of this size: a map of stride 8 would cost three times
    the rest and serve only the smallest objects.

    Shapes:
        images: [B, 3, H, W]; returns [B, F, H/16, W/16]
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = shufflenet_v2_x0_5(weights=None)
        del self.body.conv5, self.body.fc
        self.context = ContextNeck(sum(STAGE_CHANNELS), channels)

    def forward(self, images: Tensor) -> Tensor:
        body = self.body
        stage2 = body.stage2(body.maxpool(body.conv1(images)))
        stage3 = body.stage3(stage2)
        stage4 = body.stage4(stage3)
        fine = F.avg_pool2d(stage2, 3, stride=2, padding=1)
        coarse = F.interpolate(stage4, scale_factor=2.0)
        seen: Tensor = self.context(torch.cat([fine, stage3, coarse], dim=1))
        return seen


class ContextNeck(nn.Module):
    """Sees around each place by one, two and three depthwise 5 x 5 convolutions side by side.

    Shapes:
        joined: [B, C_in, H, W]; returns [B, F, H, W]
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.reduce = nn.Sequential(*_pointwise(in_channels, channels), nn.ReLU())
        self.reaches = nn.ModuleList(
            nn.Sequential(*[part for _ in range(steps) for part in _depthwise(channels)])
            for steps in (1, 2, 3)
        )
        self.join = nn.Sequential(*_pointwise(3 * channels, channels))

    def forward(self, joined: Tensor) -> Tensor:
        x = self.reduce(joined)
        wide = torch.cat([reach(x) for reach in self.reaches], dim=1)
        return torch.relu(x + self.join(wide))


class DetectionHead(nn.Module):
    """Objectness, classes and boxes from the map.

    A box's middle lies within one place of its own; its sides are shares of the input's.

    Shapes:
        x: [B, F, H, W]; returns `Found` with A = H * W
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.shared = nn.Sequential(*_pointwise(channels, channels), nn.ReLU())
        self.objectness = nn.Sequential(*_depthwise(channels), *_pointwise(channels, 1))
        self.classes = nn.Sequential(*_depthwise(channels), *_pointwise(channels, classes))
        self.boxes = nn.Sequential(*_depthwise(channels), *_pointwise(channels, 4))

    def forward(self, x: Tensor) -> Found:
        x = self.shared(x)
        height, width = x.shape[2:]
        shift_x, shift_y, wide, high = self.boxes(x).unbind(1)
        middle_x = (torch.arange(width) + shift_x.tanh()) / width
        middle_y = (torch.arange(height)[:, None] + shift_y.tanh()) / height
        half_wide, half_high = wide.sigmoid() / 2, high.sigmoid() / 2
        corners = [
            middle_x - half_wide,
            middle_y - half_high,
            middle_x + half_wide,
            middle_y + half_high,
        ]
        return Found(
            self.objectness(x).flatten(1),
            self.classes(x).flatten(2).transpose(1, 2),
            torch.stack(corners, -1).flatten(1, 2),
        )


def _pointwise(in_channels: int, channels: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels)]


def _depthwise(channels: int) -> list[nn.Module]:
    convolution = nn.Conv2d(channels, channels, 5, padding=2, groups=channels, bias=False)
    return [convolution, nn.BatchNorm2d(channels), nn.ReLU()]

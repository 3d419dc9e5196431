"""torchvision's vision transformers without their classifier (Dosovitskiy et al., ICLR 2021)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.encoders.feature_maps import FeatureMap
from kg.errors import SightGraphError


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

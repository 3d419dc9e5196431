"""A small convolutional network for small pictures, trained from scratch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from graph_fusion.encoders.feature_maps import FeatureMap
from graph_fusion.encoders.map_encoder import MapEncoder

SORT_OF_CLEVR_CHANNELS = (32, 64, 128, 256)
"""Relation networks read Sort-of-CLEVR with these (Santoro et al., NeurIPS 2017, supplement)."""


class SmallCNNBody(nn.Module):
    """Convolutions of 3 x 3 and stride 2 with batch norm and ReLU; a 75 x 75 picture gives 5 x 5.

    Shapes:
        images: [B, 3, H, W]; returns `FeatureMap` with D = channels[-1], and 2 more with
            coordinates: x and y of each place in [-1, 1]
    """

    def __init__(self, channels: Sequence[int], coordinates: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *channels), channels, strict=False):
            convolution = nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.coordinates = coordinates
        self.dim = channels[-1] + 2 * coordinates

    def forward(self, images: Tensor) -> FeatureMap:
        cells = self.layers(images)
        if self.coordinates:
            places = _coordinates(*cells.shape[2:]).to(cells)
            cells = torch.cat([cells, places.expand(len(cells), -1, -1, -1)], dim=1)
        return FeatureMap(cells, cells.mean((2, 3)))


def small_cnn(
    features: str = "grid",
    channels: Sequence[int] = SORT_OF_CLEVR_CHANNELS,
    coordinates: bool = True,
    frozen: bool = False,
) -> MapEncoder:
    """Return a small network for pictures of about 75 x 75 pixels.

    channels: of each layer; every layer halves the picture.
    coordinates: whether two features of every token say where it lies.
    """
    settings = {"channels": list(channels), "coordinates": coordinates}
    return MapEncoder(SmallCNNBody(channels, coordinates), features, frozen, settings=settings)


def _coordinates(rows: int, columns: int) -> Tensor:
    """Return x and y of the middle of each cell in [-1, 1]: [2, rows, columns]."""
    y = (torch.arange(rows) + 0.5) / rows * 2 - 1
    x = (torch.arange(columns) + 0.5) / columns * 2 - 1
    return torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)])

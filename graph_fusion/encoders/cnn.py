"""From a map of features over an image to tokens: the whole, its cells, or regions of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from graph_fusion.encoders.base import ImageEncoder, Tokens, pad
from kg.errors import SightGraphError, unknown_name

FEATURES = ("global", "grid", "region")
REGION_BINS = 3
"""A region is read at 3 x 3 places and their mean taken: enough for one vector."""
REGION_SAMPLES = 2
"""Samples along each side of a bin, as Detectron takes them (He et al., ICCV 2017)."""


class FeatureMap(NamedTuple):
    """Shapes:

    cells [B, D, h, w]: features of each place
    whole [B, D]: features of the image as a whole
    """

    cells: Tensor
    whole: Tensor


def check_features(features: str) -> None:
    """Refuse a kind of features that does not exist."""
    if features not in FEATURES:
        raise unknown_name("kind of image features", features, FEATURES)


def check_images(images: Tensor) -> None:
    """Refuse what is not a batch of RGB images in [0, 1].

    Raises:
        SightGraphError: the shape or the type is another, or the values are 0 to 255.
    """
    if images.dim() != 4 or images.shape[1] != 3:
        raise SightGraphError(
            f"images must be [B, 3, H, W] (RGB), not {list(images.shape)}. For a single image "
            "use image.unsqueeze(0); for one with channels last, image.permute(2, 0, 1)."
        )
    if not images.is_floating_point():
        raise SightGraphError(
            f"images must be float in [0, 1], not {images.dtype}. Use images.float() / 255."
        )
    far_outside = 2  # resampling may leave [0, 1] by a little
    if not images.is_meta and images.numel() and images.amax() > far_outside:
        raise SightGraphError(
            f"images must be in [0, 1], but a value is {images.amax():g}. Divide them by 255; "
            "the encoder applies the mean and deviation of its weights by itself."
        )


def check_boxes(boxes: Sequence[Tensor] | None, images: Tensor) -> list[Tensor]:
    """Return the boxes of a batch, cut at the edges of the images.

    Raises:
        SightGraphError: there are none, or not one [K, 4] for each image, or one has no area.
    """
    if boxes is None:
        raise SightGraphError(
            'features="region" needs the boxes of each image. Give boxes, or choose "grid".'
        )
    if len(boxes) != len(images):
        raise SightGraphError(f"{len(images)} images, but boxes of {len(boxes)}.")
    height, width = images.shape[2:]
    most = images.new_tensor([width, height, width, height])
    cut = []
    for number, box in enumerate(boxes):
        if box.dim() != 2 or box.shape[1] != 4:
            raise SightGraphError(
                f"the boxes of image {number} must be [K, 4], not {list(box.shape)}."
            )
        inside = torch.minimum(box.to(most).clamp(min=0), most)
        if not box.is_meta and not (inside[:, 2:] > inside[:, :2]).all():
            raise SightGraphError(
                f"a box of image {number} has no area within its {width} x {height} pixels. "
                "Boxes are x1, y1, x2, y2 with x1 < x2 and y1 < y2."
            )
        cut.append(inside)
    return cut


def grid_boxes(rows: int, columns: int, height: int, width: int) -> Tensor:
    """Return the boxes of the cells of a grid over an image, row by row: [rows * columns, 4]."""
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    corners = torch.stack([x, y, x + 1, y + 1], -1).flatten(0, 1).float()
    cell = torch.tensor([width / columns, height / rows])
    return corners * cell.repeat(2)


def map_tokens(
    found: FeatureMap, features: str, images: Tensor, boxes: Sequence[Tensor] | None
) -> Tokens:
    """Return the tokens of a map by the kind of features.

    global: one token; grid: one for each place of the map, row by row; region: one for each
    box, by RoIAlign (He et al., ICCV 2017, sec. 3).
    """
    if features == "region":
        return _region_tokens(found.cells, images, check_boxes(boxes, images))
    if features == "grid":
        values = found.cells.flatten(2).transpose(1, 2)
        places = grid_boxes(*found.cells.shape[2:], *images.shape[2:]).to(values)
    else:
        values = found.whole.unsqueeze(1)
        places = grid_boxes(1, 1, *images.shape[2:]).to(values)
    mask = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
    return Tokens(values, mask, places.expand(len(values), -1, -1))


def _region_tokens(cells: Tensor, images: Tensor, boxes: list[Tensor]) -> Tokens:
    from torchvision.ops import roi_align

    height, width = images.shape[2:]
    rows, columns = cells.shape[2:]
    scale = cells.new_tensor([columns / width, rows / height]).repeat(2)
    on_map = [box.to(cells) * scale for box in boxes]
    bins = roi_align(
        cells, on_map, REGION_BINS, sampling_ratio=REGION_SAMPLES, aligned=True
    )  # [all boxes, D, 3, 3]
    return pad(bins.mean((2, 3)).split([len(box) for box in boxes]), boxes)


class Standardise(nn.Module):
    """Subtracts the mean of each colour and divides by its deviation; both are kept as weights.

    Shapes: [B, 3, H, W] in and out.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean)[:, None, None])
        self.register_buffer("deviation", torch.tensor(deviation)[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        return (images - self.mean) / self.deviation


class MapEncoder(ImageEncoder):
    """Encodes images by `body`, and takes global, grid or region features from its map.

    body: gives a `FeatureMap` of images [B, 3, H, W] and has `dim`.
    frozen: its weights and the statistics of its batch norms stay as they are.
    settings: what the config holds besides `features` and `frozen`.
    """

    def __init__(
        self,
        body: nn.Module,
        features: str = "grid",
        frozen: bool = False,
        standardise: nn.Module | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_features(features)
        self.features = features
        self.frozen = frozen
        self.standardise = standardise or nn.Identity()
        self.body = body.requires_grad_(not frozen)
        self.dim = int(body.dim)  # type: ignore[arg-type]
        self._settings = dict(settings or {})
        self.train(self.training)

    def forward(self, images: Tensor, boxes: Sequence[Tensor] | None = None) -> Tokens:
        check_images(images)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen):
            found: FeatureMap = self.body(self.standardise(images))
        return map_tokens(found, self.features, images, boxes)

    def train(self, mode: bool = True) -> MapEncoder:
        super().train(mode)
        if self.frozen:
            self.body.eval()
        return self

    def config(self) -> dict[str, Any]:
        return {**self._settings, "features": self.features, "frozen": self.frozen}


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

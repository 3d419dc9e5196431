"""Ready-made feature vectors of any other modality as tokens: sound, depth, sensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from graph_fusion.encoders.base import Tokens
from kg.errors import SightGraphError, unknown_name


class FeatureTokens(nn.Module):
    """Projects the vectors of each modality to one size and adds what marks the modality.

    A token is W_m x + b_m + e_m, with x a vector of modality m and e_m learnt. Each token's
    name is its modality's. A modality that a batch lacks is one masked token.

    sizes: the features of each modality's vectors, by its name: {"sound": 128, "depth": 64}.
    dim: D, the features of a token.

    Raises:
        SightGraphError: there is no modality.
    """

    def __init__(self, sizes: Mapping[str, int], dim: int = 128) -> None:
        super().__init__()
        if not sizes:
            raise SightGraphError('sizes names no modality. Give such as {"sound": 128}.')
        self.sizes = dict(sorted(sizes.items()))
        self.dim = dim
        self.projections = nn.ModuleList(nn.Linear(size, dim) for size in self.sizes.values())
        self.modality = nn.Parameter(torch.empty(len(sizes), dim).normal_(std=dim**-0.5))

    def forward(
        self, features: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Tokens:
        """Return the tokens of all modalities, in the alphabetical order of their names.

        Shapes:
            features: [B, K, size] for each modality that is there, or [B, size] for one vector
                a sample; K may differ from modality to modality
            masks: [B, K] or [B] bool, which of the vectors are there; default all

        Raises:
            SightGraphError: a size is wrong, the batches differ, or a vector is not finite.
            UnknownNameError: a modality is not in `sizes`.
        """
        for name in [*features, *(masks or {})]:
            if name not in self.sizes:
                raise unknown_name("modality", name, self.sizes)
        batch = self._batch(features)
        parts, names = [], list[str]()
        for number, (name, size) in enumerate(self.sizes.items()):
            values, mask = self._checked(name, size, batch, features, masks or {})
            projected = self.projections[number](values) + self.modality[number]
            parts.append((projected * mask.unsqueeze(-1), mask))
            names += [name] * mask.shape[1]
        mask = torch.cat([there for _, there in parts], dim=1)
        rows = tuple(
            tuple(name if there else "" for name, there in zip(names, row, strict=True))
            for row in mask.tolist()
        )
        return Tokens(torch.cat([values for values, _ in parts], dim=1), mask, names=rows)

    def config(self) -> dict[str, Any]:
        """Return what JSON can hold and `FeatureTokens(**config)` makes it from."""
        return {"sizes": self.sizes, "dim": self.dim}

    def _batch(self, features: Mapping[str, Tensor]) -> int:
        counts = {name: len(values) for name, values in features.items()}
        if not counts:
            raise SightGraphError(
                f"no modality is given. Give at least one of {', '.join(self.sizes)}, if need be "
                "with a mask of False."
            )
        if len(set(counts.values())) > 1:
            listed = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise SightGraphError(f"the modalities have different numbers of samples: {listed}.")
        return next(iter(counts.values()))

    def _checked(
        self,
        name: str,
        size: int,
        batch: int,
        features: Mapping[str, Tensor],
        masks: Mapping[str, Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Return a modality's vectors [B, K, size], zeros where none is, and mask [B, K]."""
        if name not in features:
            nothing = self.modality.new_zeros(batch, 1, size)
            return nothing, torch.zeros(batch, 1, dtype=torch.bool, device=nothing.device)
        given = features[name]
        values = given.unsqueeze(1) if given.dim() == 2 else given
        if values.dim() != 3 or values.shape[2] != size:
            raise SightGraphError(
                f"'{name}' has vectors of shape {list(given.shape)}: expected [B, K, {size}] or "
                f"[B, {size}], as sizes says."
            )
        mask = masks.get(name)
        if mask is None:
            mask = torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
        mask = mask.unsqueeze(1) if mask.dim() == 1 else mask
        if mask.dtype != torch.bool or mask.shape != values.shape[:2]:
            raise SightGraphError(
                f"the mask of '{name}' is {mask.dtype} {list(mask.shape)}: expected bool "
                f"{list(values.shape[:2])}."
            )
        mask = mask.to(self.modality.device)
        values = values.to(self.modality).masked_fill(~mask.unsqueeze(-1), 0.0)
        if not values.isfinite().all():
            raise SightGraphError(
                f"'{name}' has a vector with a number that is not finite. Mask what is missing."
            )
        return values, mask


SPREAD = 2.0
"""Places reach from -SPREAD to SPREAD: so that distances weigh beside what stands there."""


class SlotEncoder(nn.Module):
    """A small CNN whose cells are gathered into K tokens by attention with learnt queries.

    Each query settles on one kind of thing; its attention over the cells says where that is.
    Nothing but the later loss tells it what to look for.

    Shapes:
        images [B, 3, S, S], values in [0, 1]
        returns tokens [B, K, H], centres [B, K, 2] (x, y in [-1, 1]) and
            attention [B, K, cells]
    """

    def __init__(self, slots: int, hidden: int, channels: int = 32) -> None:
        super().__init__()
        self.near = nn.Sequential(
            _step(3, channels, stride=2),
            _step(channels, channels, stride=2),
        )
        self.far = nn.Sequential(
            _step(channels, 2 * channels, stride=1),
            _step(2 * channels, 2 * channels, stride=1),
        )
        self.queries = nn.Conv2d(channels, slots, 1, bias=False)
        # By their near features alone, and in units of deviations: so each query soon settles on
        # another colour. Much more contrast at first, and several settle on the same one.
        self.contrast = nn.BatchNorm2d(slots)
        self.value = nn.Linear(2 * channels, hidden)
        self.place = nn.Linear(4, hidden)
        self.slot = nn.Parameter(torch.zeros(slots, hidden))
        nn.init.normal_(self.slot, std=0.5)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        near = self.near(images - 0.5)
        cells = self.far(near)
        height, width = cells.shape[2:]
        attention = torch.softmax(self.contrast(self.queries(near)).flatten(2), dim=2)
        values = cells.flatten(2).transpose(1, 2)  # [B, cells, C]
        centres = attention @ grid(height, width).to(values)
        spread = SPREAD * centres
        places = torch.cat([spread, spread.square()], dim=2)  # distances are linear in these
        tokens = self.value(attention @ values) + self.place(places) + self.slot
        return self.norm(tokens), centres, attention


def grid(height: int, width: int) -> Tensor:
    """Return the (x, y) of each cell's middle, in [-1, 1], row by row: [height * width, 2]."""
    y = (torch.arange(height) + 0.5) / height * 2 - 1
    x = (torch.arange(width) + 0.5) / width * 2 - 1
    return torch.stack([x.repeat(height), y.repeat_interleave(width)], dim=1)


def _step(channels: int, wider: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, wider, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(wider),
        nn.ReLU(),
    )

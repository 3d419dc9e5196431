"""What every encoder gives: a row of vectors for each sample, and which of them are there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from kg.errors import SightGraphError


@dataclass(frozen=True, slots=True)
class Tokens:
    """Vectors of a batch: grid cells, regions, words, sensor readings.

    Shapes (B samples, L tokens, D features; L is at least 1):
        values [B, L, D]: zeros where no token is
        mask [B, L]: True where a token is; bool
        boxes [B, L, 4]: where each token lies: x1, y1, x2, y2 in pixels of the image that was
            given, x right, y down; None: it has no place
        names: names[b][l] is what token l of sample b stands for (its word, its modality),
            "" where no token is; None: tokens have no names
    """

    values: Tensor
    mask: Tensor
    boxes: Tensor | None = None
    names: tuple[tuple[str, ...], ...] | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.mask.shape)
        if self.values.dim() != 3 or tuple(self.values.shape[:2]) != shape:
            raise SightGraphError(
                f"tokens of shape {tuple(self.values.shape)} do not fit a mask of shape {shape}: "
                "give values [B, L, D] and mask [B, L]."
            )
        if self.mask.dtype != torch.bool:
            raise SightGraphError(f"the mask of tokens must be bool, not {self.mask.dtype}.")

    def __len__(self) -> int:
        """B, the number of samples."""
        return len(self.mask)

    @property
    def dim(self) -> int:
        """D, the number of features of a token."""
        return self.values.shape[-1]

    @property
    def centres(self) -> Tensor:
        """The middle of each token's box: [B, L, 2], x and y in pixels.

        Raises:
            SightGraphError: the tokens have no place.
        """
        if self.boxes is None:
            raise SightGraphError("these tokens have no boxes: only those of images have a place.")
        return (self.boxes[..., :2] + self.boxes[..., 2:]) / 2

    def pooled(self) -> Tensor:
        """Return the mean of each sample's tokens: [B, D]; zeros for a sample that has none."""
        weights = self.mask.unsqueeze(-1).to(self.values.dtype)
        return (self.values * weights).sum(1) / weights.sum(1).clamp(min=1)

    def last(self) -> Tensor:
        """Return each sample's last token: [B, D]; zeros for a sample that has none.

        For a recurrent encoder of one direction this is its state after the last word.
        """
        places = torch.arange(self.mask.shape[1], device=self.mask.device)
        place = torch.where(self.mask, places, 0).amax(1)
        rows = torch.arange(len(self), device=self.mask.device)
        return self.values[rows, place] * self.mask[rows, place].unsqueeze(-1)

    def to(self, device: torch.device | str) -> Tokens:
        """Return the tokens on another device."""
        return replace(
            self,
            values=self.values.to(device),
            mask=self.mask.to(device),
            boxes=None if self.boxes is None else self.boxes.to(device),
        )


def pad(rows: Sequence[Tensor], boxes: Sequence[Tensor] | None = None) -> Tokens:
    """Return one batch of samples with different numbers of tokens.

    Shapes:
        rows: B times [K, D], at least one; boxes: B times [K, 4]
    """
    longest = max(1, *(len(row) for row in rows)) if rows else 1
    values = torch.stack([_filled_up(row, longest) for row in rows])
    counts = torch.tensor([len(row) for row in rows], device=values.device)
    mask = torch.arange(longest, device=values.device) < counts.unsqueeze(1)
    places = None if boxes is None else torch.stack([_filled_up(box, longest) for box in boxes])
    return Tokens(values, mask, places)


def _filled_up(row: Tensor, length: int) -> Tensor:
    return torch.cat([row, row.new_zeros(length - len(row), row.shape[1])])


class ImageEncoder(nn.Module, ABC):
    """Gives an image tokens with places; chosen by name in `IMAGE_ENCODERS`.

    dim: D, the features of a token.
    """

    dim: int

    @abstractmethod
    def forward(self, images: Tensor, boxes: Sequence[Tensor] | None = None) -> Tokens:
        """Encode a batch of images of one size.

        Shapes:
            images [B, 3, H, W]: RGB in [0, 1]
            boxes: B times [K, 4], x1, y1, x2, y2 in pixels; K may differ and be 0. Needed for
                `features="region"`, left alone otherwise
        """

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Return what JSON can hold and `IMAGE_ENCODERS.make(name, **config)` makes it from.

        Weights are not in it, nor where they came from: they are the `state_dict`.
        """


class TokenEncoder(nn.Module, ABC):
    """Gives a text tokens with names; chosen by name in `TOKEN_ENCODERS`.

    Every text has at least one token, also an empty one.

    dim: D, the features of a token.
    """

    dim: int

    @abstractmethod
    def forward(self, texts: Sequence[str]) -> Tokens:
        """Encode a batch of texts of any length; what is padding changes no token."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Return what JSON can hold and `TOKEN_ENCODERS.make(name, **config)` makes it from.

        The vocabulary is in it; weights are not: they are the `state_dict`.
        """

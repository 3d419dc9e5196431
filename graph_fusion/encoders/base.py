"""The two interfaces of encoders whose tokens are fused: of images and of texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from graph_fusion.encoders.tokens import Tokens


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

"""Which of a detector's labels the namer sees in a region: a linear layer over its features.

Most of the detector's labels are none of the namer's classes or several of them ("person", "cup",
"toilet"), so that the classes alone cannot confirm them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor

from graph_fusion.weights import read_weights
from kg.files import atomic_path

FILE = "verifier.safetensors"


@dataclass(frozen=True)
class Verifier:
    """labels: the detector's L. weight [L + 1, F], bias [L + 1]: the last is for none of them."""

    labels: tuple[str, ...]
    weight: Tensor
    bias: Tensor

    @cached_property
    def number(self) -> dict[str, int]:
        """The row of each label."""
        return {label: row for row, label in enumerate(self.labels)}

    def __call__(self, features: Tensor) -> Tensor:
        """Return the probability of each label, and of none last.

        Shapes:
            features [M, F], of length 1; returns [M, L + 1]
        """
        return (features @ self.weight.T + self.bias).softmax(1)

    def save(self, folder: Path) -> None:
        """Write the layer, in half precision."""
        tensors = {"weight": self.weight.half(), "bias": self.bias.half()}
        with atomic_path(folder / FILE) as file:
            save_file(tensors, file)

    @classmethod
    def load(cls, folder: Path, labels: Sequence[str]) -> Verifier:
        """Read what `save` wrote for these labels.

        Raises:
            OSError, SafetensorError, KeyError, ValueError: it cannot be read, or is of others.
        """
        found = read_weights(folder / FILE)
        weight, bias = found["weight"].float(), found["bias"].float()
        if len(weight) != len(labels) + 1 or len(bias) != len(labels) + 1:
            raise ValueError(f"{FILE} has {len(weight)} rows for {len(labels)} labels and none")
        return cls(tuple(labels), weight, bias)

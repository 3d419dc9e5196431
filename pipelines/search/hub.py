"""Vectors by a model of the hub; the graphs still say why something was found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.namers.image_text import ImageTextModel
from pipelines.photo import Photo
from pipelines.scene import SeenScene
from pipelines.search.agreement import Frequencies
from pipelines.search.towers import Weights


class HubTowers:
    """Encodes with CLIP, SigLIP or their like.

    weights, frequencies: of the agreement, as the bundled towers have them; the cosine is scaled
        as the model does it, so that both are logits.

    Raises:
        SightGraphError: there is no such model, or it cannot be downloaded or read.
    """

    def __init__(self, name: str, weights: Weights, frequencies: Frequencies) -> None:
        self.model = ImageTextModel(name, "search model")
        self.weights = Weights(self.model.scale, weights.features)
        self.frequencies = frequencies

    @property
    def dim(self) -> int:
        """The length of the vectors, H."""
        return int(self.texts(["a"]).shape[1])

    @property
    def digest(self) -> str:
        """The model's name: whoever changes its files indexes again."""
        return self.model.name

    def photograph(self, photo: Photo, scene: SeenScene) -> np.ndarray:
        """Return a vector of length 1: [H], float32."""
        found: np.ndarray = self.model.images([photo.image])[0].numpy()
        return found

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors of length 1: [N, H], float32."""
        found: np.ndarray = self.model.texts(texts).numpy()
        return found

    def photograph_hubness(self, vectors: np.ndarray) -> np.ndarray:
        """Return zeros [M]: there is no bank of another model's vectors."""
        return np.zeros(len(vectors), np.float32)

    def text_hubness(self, vectors: np.ndarray) -> np.ndarray:
        """Return zeros [N]: there is no bank of another model's vectors."""
        return np.zeros(len(vectors), np.float32)

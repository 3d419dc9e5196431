"""Photographs and texts as vectors in one space, and the weights of what their graphs agree in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.scene_model import scene_batch, scene_of
from graph_fusion.search_model import SearchModel, TextPieces
from graph_fusion.tensors import TextTable
from graph_fusion.weights import loading, sha256_of
from kg.files import bundled
from pipelines.scene import SeenScene
from pipelines.search.agreement import FEATURES, Agreement

TOGETHER = 32
"""Photographs or texts that are encoded at once."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much the cosine and each of `FEATURES` count in the score of a candidate."""

    cosine: float = 1.0
    features: tuple[float, ...] = (0.0,) * len(FEATURES)

    @classmethod
    def of_json(cls, values: Mapping[str, float]) -> Weights:
        """Return what `as_json` wrote.

        Raises:
            KeyError: a weight is missing.
        """
        return cls(float(values["cosine"]), tuple(float(values[name]) for name in FEATURES))

    def as_json(self) -> dict[str, float]:
        """Return the weights by name."""
        return {"cosine": self.cosine, **dict(zip(FEATURES, self.features, strict=True))}

    def score(self, cosine: float, agreement: Agreement) -> float:
        """Return the score of one candidate."""
        pairs = zip(self.features, agreement.features, strict=True)
        return self.cosine * cosine + sum(weight * value for weight, value in pairs)


class Towers:
    """Encodes photographs and texts; a folder that `sightgraph train search` wrote.

    Raises:
        SightGraphError: the folder does not hold what the training wrote.
    """

    def __init__(self, folder: Path | None = None, encoder: TextEncoder | None = None) -> None:
        self.folder = folder or bundled("models", "search")
        self.model = SearchModel.load(self.folder)
        with loading("search", self.folder):
            config = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
            self.weights = Weights.of_json(config["agreement"])
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        self.pieces = TextPieces()

    @property
    def dim(self) -> int:
        """The length of the vectors, H."""
        return self.model.config.hidden

    @property
    def digest(self) -> str:
        """What the vectors depend on: a hash of the weights."""
        return sha256_of(self.folder / "model.safetensors")

    def photographs(self, scenes: Sequence[SeenScene]) -> np.ndarray:
        """Return vectors of length 1: [M, H], float32."""
        found = [np.zeros((0, self.dim), np.float32)]
        for start in range(0, len(scenes), TOGETHER):
            some, table = scenes[start : start + TOGETHER], TextTable()
            reads = self.model.config.reads
            read = [scene_of(one.graph, one.cells, one.regions, table, reads) for one in some]
            styles = torch.zeros(len(read), dtype=torch.long)
            batch = scene_batch(read, self.encoder(table.texts()), styles)
            found.append(self.model.photograph_vectors(batch).numpy())
        return np.concatenate(found)

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors of length 1: [N, H], float32."""
        found = [np.zeros((0, self.dim), np.float32)]
        for start in range(0, len(texts), TOGETHER):
            ids, there = self.pieces(texts[start : start + TOGETHER])
            found.append(self.model.text_vectors(ids, there).numpy())
        return np.concatenate(found)

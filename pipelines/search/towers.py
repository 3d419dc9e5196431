"""Photographs and texts as vectors in one space, and the weights of what their graphs agree in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from safetensors.numpy import save_file

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.scene_model import scene_batch, scene_of
from graph_fusion.search_model import SearchModel, TextPieces
from graph_fusion.tensors import TextTable
from graph_fusion.weights import loading, read_weights, sha256_of
from kg.files import atomic_path, bundled, write_text
from pipelines.photo import Photo
from pipelines.scene import SeenScene
from pipelines.search.agreement import FEATURES, Agreement, Frequencies

TOGETHER = 32
"""Photographs or texts that are encoded at once."""
NEAREST = 10
"""Of a bank that count for hubness, as in the paper."""
WEIGHTS, BANK, CONFIG = "model.safetensors", "bank.safetensors", "config.json"
FREQUENCIES = "frequencies.json"
"""The files of a model folder."""


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


class Encoder(Protocol):
    """Encodes photographs and texts, and weighs the agreement of their graphs.

    dim: the length of the vectors, H. digest: what they depend on. frequencies: of what texts name.
    """

    weights: Weights
    frequencies: Frequencies

    @property
    def dim(self) -> int: ...

    @property
    def digest(self) -> str: ...

    def photograph(self, photo: Photo, scene: SeenScene) -> np.ndarray:
        """Return a vector of length 1: [H], float32."""
        ...

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors of length 1: [N, H], float32."""
        ...

    def photograph_hubness(self, vectors: np.ndarray) -> np.ndarray:
        """Return how near photographs [M, H] are to texts of any kind: [M]."""
        ...

    def text_hubness(self, vectors: np.ndarray) -> np.ndarray:
        """Return how near texts [N, H] are to photographs of any kind: [N]."""
        ...


class Bank(NamedTuple):
    """Photographs and texts that were trained on; shapes [P, H] both."""

    photographs: np.ndarray
    texts: np.ndarray


class Towers:
    """Encodes photographs and texts; a folder that `sightgraph train search` wrote.

    Raises:
        SightGraphError: the folder does not hold what the training wrote.
    """

    def __init__(self, folder: Path | None = None, encoder: TextEncoder | None = None) -> None:
        self.folder = folder or bundled("models", "search")
        self.model = SearchModel.load(self.folder)
        self.weights = bundled_weights(self.folder)
        self.frequencies = bundled_frequencies(self.folder)
        self.bank = read_bank(self.folder)
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        self.pieces = TextPieces()

    @property
    def dim(self) -> int:
        """The length of the vectors, H."""
        return self.model.config.hidden

    @property
    def digest(self) -> str:
        """What the vectors depend on: a hash of the weights."""
        return sha256_of(self.folder / WEIGHTS)

    def photograph(self, photo: Photo, scene: SeenScene) -> np.ndarray:
        """Return a vector of length 1: [H], float32."""
        found: np.ndarray = self.photographs([scene])[0]
        return found

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

    def photograph_hubness(self, vectors: np.ndarray) -> np.ndarray:
        """Return how near photographs [M, H] are to texts of any kind: [M]."""
        return hubness(vectors, self.bank.texts)

    def text_hubness(self, vectors: np.ndarray) -> np.ndarray:
        """Return how near texts [N, H] are to photographs of any kind: [N]."""
        return hubness(vectors, self.bank.photographs)

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors of length 1: [N, H], float32."""
        found = [np.zeros((0, self.dim), np.float32)]
        for start in range(0, len(texts), TOGETHER):
            ids, there = self.pieces(texts[start : start + TOGETHER])
            found.append(self.model.text_vectors(ids, there).numpy())
        return np.concatenate(found)


def corrected(
    cosines: np.ndarray, photograph_hubness: np.ndarray, text_hubness: np.ndarray
) -> np.ndarray:
    """Return cosines [M, N] less half of both sides' hubness, [M] and [N].

    In spaces of many dimensions some points are near to everything; this is half of CSLS (Conneau
    et al., ICLR 2018, section 2.3).
    """
    found: np.ndarray = cosines - (photograph_hubness[:, None] + text_hubness[None, :]) / 2
    return found


def hubness(vectors: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Return the mean cosine of vectors [M, H] with their `NEAREST` of a bank [P, H]: [M]."""
    cosines = np.sort(vectors @ bank.T, axis=1)[:, -NEAREST:]
    found: np.ndarray = cosines.mean(axis=1)
    return found


def write_bank(folder: Path, bank: Bank) -> None:
    """Write a bank beside the towers."""
    halves = {name: value.astype(np.float16) for name, value in bank._asdict().items()}
    with atomic_path(folder / BANK) as path:
        save_file(halves, path)


def read_bank(folder: Path) -> Bank:
    """Return what `write_bank` wrote.

    Raises:
        SightGraphError: the folder does not hold it.
    """
    with loading("search", folder):
        kept = read_weights(folder / BANK)
        return Bank(*(kept[name].float().numpy() for name in Bank._fields))


def bundled_weights(folder: Path | None = None) -> Weights:
    """Return the weights of the agreement in a folder that `sightgraph train search` wrote.

    Raises:
        SightGraphError: the folder does not hold them.
    """
    folder = folder or bundled("models", "search")
    with loading("search", folder):
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        return Weights.of_json(config["agreement"])


def write_frequencies(folder: Path, frequencies: Frequencies) -> None:
    """Write beside the towers how often texts name what."""
    content = {"total": frequencies.total, "counts": dict(sorted(frequencies.counts.items()))}
    write_text(folder / FREQUENCIES, json.dumps(content, indent=0) + "\n")


def bundled_frequencies(folder: Path | None = None) -> Frequencies:
    """Return what `write_frequencies` wrote.

    Raises:
        SightGraphError: the folder does not hold it.
    """
    folder = folder or bundled("models", "search")
    with loading("search", folder):
        content = json.loads((folder / FREQUENCIES).read_text(encoding="utf-8"))
        return Frequencies(int(content["total"]), dict(content["counts"]))

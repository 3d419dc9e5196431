"""Nearness in meaning of names, by MiniLM: what no alias says, and which of two meanings fits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from kg.english import identifier_words
from kg.errors import SightGraphError
from kg.files import atomic_path, bundled
from kg.knowledge.memory import Knowledge
from kg.schema import arrays_in_range
from kg.vocabulary import local_name

LEVELS = 127
"""Vectors are kept as whole numbers up to this, each with a scale of its own."""


class NameMeanings:
    """The names and glosses of `knowledge` as vectors.

    Those of the bundled knowledge are read from `file`; what is not in it is encoded when the
    vectors are first needed.
    """

    def __init__(
        self, knowledge: Knowledge, encoder: TextEncoder | None = None, file: Path | None = None
    ) -> None:
        self.encoder = encoder or TEXT_ENCODERS.make("minilm")
        self.file = file or bundled("models", "names", "model.safetensors")
        self.names: list[str] = []
        self.concepts: list[str] = []
        self.gloss: dict[str, str] = {}
        for concept in knowledge.concepts.values():
            self.gloss[concept.iri] = f"{concept.label}: {concept.definition or concept.label}"
            for name in (concept.label, *concept.aliases):
                self.names.append(name)
                self.concepts.append(concept.iri)

    def nearest(self, name: str, most: int = 5) -> list[tuple[str, float]]:
        """Return the concepts with the names nearest to `name`, and the cosines, best first."""
        if not self.names:
            return []
        cosines = self._name_vectors @ self._encode([name])[0]
        found: dict[str, float] = {}
        for i in torch.argsort(cosines, descending=True, stable=True).tolist():
            found.setdefault(self.concepts[i], float(cosines[i]))
            if len(found) == most:
                break
        return list(found.items())

    def fits(self, concepts: Sequence[str], context: Sequence[str]) -> list[float]:
        """Return how near the gloss of each of `concepts` is to the words of `context`: cosines."""
        known = [self._known.get(self.gloss.get(iri, ""), None) for iri in concepts]
        texts = [self.gloss.get(iri, identifier_words(local_name(iri))) for iri in concepts]
        missing = [text for text, vector in zip(texts, known, strict=True) if vector is None]
        encoded = iter(self._encode(missing)) if missing else iter(())
        vectors = [next(encoded) if one is None else torch.tensor(one) for one in known]
        context_vector = self._encode([", ".join(context)])[0]
        return [float(vector @ context_vector) for vector in vectors]

    def save(self, target: Path) -> int:
        """Write the vectors of all names and glosses for `file`; return how many."""
        texts = sorted({*self.names, *self.gloss.values()})
        vectors = self._encode(texts).numpy()
        scale = np.abs(vectors).max(1) / LEVELS
        tensors = {
            "vectors": np.round(vectors / scale[:, None]).astype(np.int8),
            "scale": scale.astype(np.float32),
            "texts": np.frombuffer("\n".join(texts).encode(), np.uint8),
        }
        with atomic_path(target) as path:
            save_file(tensors, path)
        return len(texts)

    @cached_property
    def _known(self) -> dict[str, np.ndarray]:
        """The vectors of `file`, by text."""
        try:
            tensors = load_file(self.file)
            arrays_in_range(tensors)
            texts = tensors["texts"].tobytes().decode().split("\n")
            vectors = tensors["vectors"].astype(np.float32) * tensors["scale"][:, None]
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise SightGraphError(f"cannot read the vectors '{self.file}': {error}.") from error
        return dict(zip(texts, vectors, strict=True))

    @cached_property
    def _name_vectors(self) -> Tensor:
        """The vectors of all names [names, D]."""
        missing = [name for name in self.names if name not in self._known]
        encoded = dict(zip(missing, self._encode(missing).numpy(), strict=True)) if missing else {}
        known = self._known
        rows = [known[name] if name in known else encoded[name] for name in self.names]
        return torch.tensor(np.stack(rows))

    def _encode(self, texts: Sequence[str]) -> Tensor:
        return self.encoder(texts)

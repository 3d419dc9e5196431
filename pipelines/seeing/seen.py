"""What was seen in photographs, kept in the cache folder: no photograph is looked at twice.

What is kept goes by the photograph's pixels, and by a version of the eyes: their names, weights,
options and code (`_READ_BY`). So nothing stale is found.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from graph_fusion.weights import sha256_of
from kg.errors import SightGraphError
from kg.files import atomic_path, bundled, cache_folder
from kg.graph import Box
from kg.knowledge.compiled import bundled_files, digest_of
from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge
from kg.schema import arrays_in_range
from pipelines.detections import Detection, Name
from pipelines.detectors import Detector
from pipelines.detectors.bundled import BundledDetector
from pipelines.namers import Namer
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo

MAX_BYTES = 200_000_000
"""Of all files; those that were not used for longest make room. About 2,000 photographs."""
DIGEST = 32
"""Hexadecimal digits of a hash in a file's name."""
_CODE = Path(__file__).resolve().parents[2]
_READ_BY = (
    "graph_fusion/encoders/*.py",
    "graph_fusion/packed.py",
    "graph_fusion/tag_model.py",
    "graph_fusion/weights.py",
    "kg/english.py",
    "kg/graph.py",
    "kg/knowledge/*.py",
    "kg/vocabulary.py",
    "pipelines/detections.py",
    "pipelines/detectors/*.py",
    "pipelines/namers/*.py",
    "pipelines/seeing/activities.py",
    "pipelines/seeing/seen.py",
    "pipelines/sightgraph.py",
)
"""The modules on which what is seen depends; its test compares them with the imports."""


class SeenPhotographs:
    """Detections and features of photographs, in files of the cache folder.

    version: what the results depend on beside the pixels.
    eyes: the detector and the namer whose results these are; None: the caller asks no others.
    """

    def __init__(
        self,
        version: str,
        max_bytes: int = MAX_BYTES,
        eyes: tuple[Detector, Namer | None] | None = None,
    ) -> None:
        self.version = version
        self.max_bytes = max_bytes
        self._eyes = eyes
        self._last: tuple[Photo, str] | None = None

    @classmethod
    def by(
        cls, detector: Detector, namer: Namer | None, knowledge: KnowledgeGraph
    ) -> SeenPhotographs | None:
        """Return what these eyes have seen, or None where their version is not known.

        It is known of the bundled eyes with the bundled knowledge, which gives the names.
        """
        ours = isinstance(detector, BundledDetector) and isinstance(namer, EfficientNetNamer)
        if not ours or not isinstance(knowledge, Knowledge) or not knowledge.is_bundled:
            return None
        code = [file for pattern in _READ_BY for file in sorted(_CODE.glob(pattern))]
        parts = [
            torch.__version__,
            digest_of([*bundled_files(), *code]),
            *(f"{one.name} {one.version}" for one in (detector, namer)),  # type: ignore[union-attr]
            f"activities {sha256_of(bundled('models', 'activities') / 'model.safetensors')}",
        ]
        version = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return cls(version, eyes=(detector, namer))  # type: ignore[arg-type]

    def is_of(self, detector: Detector, namer: Namer | None) -> bool:
        """Whether these are the results of that detector and namer, and not of others."""
        return self._eyes is None or (self._eyes[0] is detector and self._eyes[1] is namer)

    def detections(self, photo: Photo, look: Callable[[], Sequence[Detection]]) -> list[Detection]:
        """Return the detections of `photo`: kept, or those that `look` finds, which are kept."""
        file = self._file(photo, "detections")
        try:
            return _read_detections(file)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError, SightGraphError):
            found = list(look())
        self._keep(file, *_written(found))
        return found

    def vector(self, photo: Photo, name: str, look: Callable[[], np.ndarray]) -> np.ndarray:
        """Return the features `name` of the whole photograph, kept or found by `look`."""
        file = self._file(photo, name)
        try:
            with _opened(file) as kept:
                found: np.ndarray = kept.get_tensor(name)
            arrays_in_range({name: found})
            return found
        except (OSError, ValueError, SafetensorError):
            vector = look()
        self._keep(file, {name: vector}, {})
        return vector

    def _file(self, photo: Photo, what: str) -> Path:
        if self._last is None or self._last[0] is not photo:
            size = f"{self.version} {photo.image.mode} {photo.image.size} ".encode()
            digest = hashlib.sha256(size + photo.image.tobytes()).hexdigest()[:DIGEST]
            self._last = photo, digest
        return cache_folder() / "seen" / f"{self._last[1]}.{what}.safetensors"

    def _keep(self, file: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
        """Write a file whole, and make room for it; a cache that cannot be written is left."""
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(file) as path:
                save_file({k: np.ascontiguousarray(v) for k, v in arrays.items()}, path, metadata)
            _remove_oldest(file.parent.glob("*.safetensors"), self.max_bytes)
        except (OSError, SightGraphError, SafetensorError):
            pass


def _opened(file: Path) -> Any:
    os.utime(file)  # the time of its last use
    return safe_open(file, "numpy")


def _written(found: Sequence[Detection]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return detections as arrays and as text: JSON keeps every bit of a number."""
    plain = [
        {
            "label": one.label,
            "score": one.score,
            "origin": one.origin,
            "box": one.box and list(one.box),
            "names": [[name.label, name.probability, name.synset] for name in one.names],
            "feature_origin": one.feature_origin,
        }
        for one in found
    ]
    arrays = {str(at): one.feature for at, one in enumerate(found) if one.feature is not None}
    return arrays, {"detections": json.dumps(plain)}


def _read_detections(file: Path) -> list[Detection]:
    with _opened(file) as kept:
        plain = json.loads(kept.metadata()["detections"])
        features = {at: kept.get_tensor(at) for at in kept.keys()}  # noqa: SIM118
    arrays_in_range(features)
    return [
        Detection(
            label=one["label"],
            score=one["score"],
            origin=one["origin"],
            box=one["box"] and Box(*one["box"]),
            feature=features.get(str(at)),
            names=tuple(Name(*name) for name in one["names"]),
            feature_origin=one["feature_origin"],
        )
        for at, one in enumerate(plain)
    ]


def _remove_oldest(files: Iterable[Path], max_bytes: int) -> None:
    """Remove the files that were not used for longest, until the others take `max_bytes`."""
    known = sorted(((one.stat(), one) for one in files), key=lambda each: -each[0].st_mtime)
    total = 0
    for about, file in known:
        total += about.st_size
        if total > max_bytes:
            file.unlink(missing_ok=True)

"""Segments of a vector index: files that are written once, and their vectors in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.errors import SightGraphError
from kg.files import atomic_path

PREFIX, SUFFIX = "vectors-", ".safetensors"
"""How the names of segments begin and end."""
Halves = NDArray[np.float16]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """What the manifest states of a segment's file.

    sha256: the digest of its bytes. rows: how many it has. removed: those that no longer count.
    """

    name: str
    sha256: str
    rows: int
    removed: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, content: Any) -> SegmentFile:
        """Read what `as_json` returned; KeyError, TypeError or ValueError if it is no such."""
        name, digest, rows = str(content["name"]), str(content["sha256"]), int(content["rows"])
        removed = tuple(sorted({int(row) for row in content["removed"]}))
        if Path(name).name != name or (removed and not 0 <= removed[0] <= removed[-1] < rows):
            raise ValueError("a segment is described wrongly")
        return cls(name, digest, rows, removed)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        removed = list(self.removed)
        return {"name": self.name, "sha256": self.sha256, "rows": self.rows, "removed": removed}


@dataclass(frozen=True, slots=True)
class Segment:
    """The rows of a file that still count, in memory.

    ids: [N], and rows: [N] their numbers in the file.
    searcher: faiss's IndexScalarQuantizer over their vectors, [N, D], as 16-bit floats. It compares
        a query with every vector: inner products are exact but for the rounding to 16 bits.
    """

    file: SegmentFile
    ids: tuple[str, ...]
    rows: NDArray[np.int64]
    searcher: Any

    @classmethod
    def of(cls, file: SegmentFile, ids: Sequence[str], vectors: Halves) -> Segment:
        """Take the rows of a file, whose ids and vectors are given, without the removed ones."""
        kept = np.setdiff1d(np.arange(file.rows), file.removed)
        return cls(file, tuple(ids[row] for row in kept), kept, _searcher(vectors[kept]))

    @property
    def vectors(self) -> Halves:
        """The vectors, [N, D]."""
        found: Halves = self.searcher.reconstruct_n(0, len(self.ids)).astype(np.float16)
        return found

    def without(self, gone: Collection[str]) -> Segment:
        """Return the same without the ids `gone`; the rows of the file are marked as removed."""
        stays = np.array([one not in gone for one in self.ids], dtype=bool)
        if stays.all():
            return self
        removed = sorted({*self.file.removed, *self.rows[~stays].tolist()})
        return Segment(
            replace(self.file, removed=tuple(removed)),
            tuple(one for one in self.ids if one not in gone),
            self.rows[stays],
            _searcher(self.vectors[stays]),
        )


def write_segment(folder: Path, ids: Sequence[str], vectors: Halves) -> Segment:
    """Write a new file, whole or not at all, and return it in memory.

    The file is in the safetensors format: "vectors" [N, D] and "ids", a JSON list as bytes. It is
    named after its digest, so that no two files have one name.
    """
    from safetensors.numpy import save

    listed = np.frombuffer(json.dumps(list(ids)).encode(), dtype=np.uint8)
    content = save({"vectors": np.ascontiguousarray(vectors), "ids": listed})
    digest = hashlib.sha256(content).hexdigest()
    file = SegmentFile(f"{PREFIX}{digest[:16]}{SUFFIX}", digest, len(ids))
    with atomic_path(folder / file.name) as path:
        path.write_bytes(content)
    return Segment.of(file, ids, vectors)


def read_segment(folder: Path, file: SegmentFile, dimension: int) -> Segment:
    """Read a file, whose digest is compared before anything is made of its bytes.

    Raises:
        SightGraphError: it is missing, or not as it was written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        content = (folder / file.name).read_bytes()
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ValueError("its checksum differs")
        read = load(content)
        ids, vectors = json.loads(read["ids"].tobytes()), read["vectors"]
        fits = len(ids) == file.rows and vectors.shape == (file.rows, dimension)
        if not fits or vectors.dtype != np.float16:
            raise ValueError("its content does not fit the index")
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SightGraphError(
            f"the index '{folder}' is damaged: '{file.name}': {reason}. Delete the folder and "
            "index again."
        ) from error
    return Segment.of(file, ids, vectors)


def _searcher(vectors: Halves) -> Any:
    import faiss

    searcher = faiss.IndexScalarQuantizer(
        vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    if len(vectors):  # its codes are the 16-bit floats themselves
        searcher.add_sa_codes(np.ascontiguousarray(vectors).view(np.uint8))
    return searcher

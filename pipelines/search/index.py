"""An index on disk of unit vectors, and the nearest of them to a query."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from kg.errors import SightGraphError
from kg.files import lock, write_text
from pipelines.search.segments import (
    PREFIX,
    SUFFIX,
    Floats,
    Halves,
    Segment,
    SegmentFile,
    read_segment,
    write_segment,
)

VERSION = 1
MANIFEST, _LOCK = "index.json", ".lock"
LARGEST_SEGMENT = 1 << 16
"""Rows of a segment that is no longer merged with new ones: 32 MiB at 256 dimensions."""
UNIT = 1e-2
"""How far the length of a vector may be from 1; 16-bit floats of a unit vector are within 1e-3."""


class Hit(NamedTuple):
    """Something found; score: the inner product with the query, in [-1, 1]."""

    id: str
    score: float


class VectorIndex:
    """Unit vectors by id in a folder, searched exactly.

    The folder holds segments (see `pipelines.search.segments`), which are never changed, and the
    manifest index.json, which names those that count with their checksums. A change writes new
    segments and then replaces the manifest: killed at any moment, it has happened or it has not.
    Small segments are merged into the next one, so that there are about log2(N) of them beside the
    full ones (as in O'Neil et al., "The log-structured merge-tree", 1996).

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "photographs"
    >>> index = VectorIndex.create(folder, dimension=2, model="two numbers")
    >>> index.add(["dog.jpg", "cat.jpg"], [[1, 0], [0, 1]])
    2
    >>> VectorIndex.open(folder, model="two numbers").search([0.6, 0.8], k=1)[0].id
    'cat.jpg'
    """

    def __init__(self, folder: Path, dimension: int, model: str, manifest: str) -> None:
        """Take an index without segments; `create` and `open` are what to call.

        manifest: the text of index.json when it was read.
        """
        self.folder, self.dimension, self.model = folder, dimension, model
        self._manifest = manifest
        self._segments: tuple[Segment, ...] = ()

    @classmethod
    def create(cls, folder: str | Path, dimension: int, model: str) -> VectorIndex:
        """Make an empty index in a folder that is new or empty.

        model: names what makes the vectors, such as a digest of its weights: `open` compares it.

        Raises:
            SightGraphError: the folder holds something, or cannot be written.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(not one.name.startswith(".") for one in folder.iterdir()):
                raise SightGraphError(
                    f"'{folder}' is not empty. Open the index that is there, or name a new folder."
                )
        except OSError as error:
            raise SightGraphError(f"cannot write '{folder}': {error.strerror}.") from error
        index = cls(folder, dimension, model, "")
        with index._writing():
            index._commit(())
        return index

    @classmethod
    def open(cls, folder: str | Path, model: str) -> VectorIndex:
        """Read an index; each file's checksum is compared before its content is used.

        Raises:
            SightGraphError: there is none, it is damaged, or it was made by another model.
        """
        folder = Path(folder)
        while True:
            text = _manifest_text(folder)
            dimension, files = _read_manifest(folder, text, model)
            index = cls(folder, dimension, model, text)
            try:
                index._segments = tuple(read_segment(folder, one, dimension) for one in files)
            except SightGraphError:
                if _manifest_text(folder) == text:
                    raise
                continue  # it was changed meanwhile: read what is there now
            return index

    def __len__(self) -> int:
        return sum(len(one.ids) for one in self._segments)

    @property
    def ids(self) -> set[str]:
        """The ids of all vectors."""
        return set(chain.from_iterable(one.ids for one in self._segments))

    def add(self, ids: Sequence[str], vectors: ArrayLike, replace: bool = True) -> int:
        """Add vectors, on disk when this returns; return how many were written.

        ids: [N], each once. vectors: [N, D], of length 1.
        replace: an id that is already there gets the new vector; otherwise it keeps its own.

        Raises:
            SightGraphError: they do not fit, the folder cannot be written, or another process has
                changed the index since it was opened.
        """
        new = self._checked(vectors).astype(np.float16)
        if len(ids) != len(new) or len(set(ids)) != len(ids):
            raise SightGraphError(
                f"{len(new)} vectors have {len(set(ids))} different ids of {len(ids)}. Give one id "
                "for each vector."
            )
        known = self._known(set(ids))
        if known and not replace:
            fresh = [place for place, one in enumerate(ids) if one not in known]
            ids, new, known = [ids[place] for place in fresh], new[fresh], set()
        if not ids:
            return 0
        with self._writing():
            kept = [one.without(known) for one in self._segments] if known else self._segments
            self._commit(self._merged(kept, ids, new))
        return len(ids)

    def remove(self, ids: Collection[str]) -> int:
        """Remove vectors, on disk when this returns; return how many of `ids` were there.

        Raises:
            SightGraphError: as `add`.
        """
        gone = self._known(set(ids))
        if gone:
            with self._writing():
                self._commit([one.without(gone) for one in self._segments])
        return len(gone)

    def search(self, vector: ArrayLike, k: int) -> list[Hit]:
        """Return the k vectors with the largest inner product with `vector`, [D], best first."""
        return self.search_all(np.asarray(vector, dtype=np.float32)[None], k)[0]

    def search_all(self, vectors: ArrayLike, k: int) -> list[list[Hit]]:
        """Return for each of `vectors`, [Q, D], what `search` returns, in one pass.

        Raises:
            SightGraphError: the vectors do not fit the index, or k is less than 1.
        """
        queries = self._checked(vectors)
        if k < 1:
            raise SightGraphError(f"k is {k}: ask for 1 vector or more.")
        found: list[list[Hit]] = [[] for _ in queries]
        for segment in self._segments:
            scores, places = segment.searcher.search(queries, min(k, len(segment.ids)))
            for hits, row, where in zip(found, scores.tolist(), places.tolist(), strict=True):
                hits += [Hit(segment.ids[at], score) for at, score in zip(where, row, strict=True)]
        return [sorted(hits, key=lambda hit: (-hit.score, hit.id))[:k] for hits in found]

    def _known(self, ids: Collection[str]) -> set[str]:
        return {one for segment in self._segments for one in segment.ids if one in ids}

    def _checked(self, vectors: ArrayLike) -> Floats:
        found = np.ascontiguousarray(vectors, dtype=np.float32)
        if found.ndim != 2 or found.shape[1] != self.dimension:
            raise SightGraphError(
                f"vectors of shape {list(found.shape)} do not fit the index '{self.folder}' of "
                f"{self.dimension} dimensions."
            )
        if not bool((np.abs(np.linalg.norm(found, axis=1) - 1) <= UNIT).all()):
            raise SightGraphError("a vector is not of length 1: divide it by its length.")
        return found

    def _merged(
        self, kept: Sequence[Segment], ids: Sequence[str], vectors: Halves
    ) -> Iterator[Segment]:
        """Yield the segments, the new rows written together with the last ones that are small."""
        older = list(kept)
        while older and len(older[-1].ids) <= len(ids) and len(ids) < LARGEST_SEGMENT:
            last = older.pop()
            ids, vectors = [*last.ids, *ids], np.concatenate([last.vectors, vectors])
        yield from older
        for start in range(0, len(ids), LARGEST_SEGMENT):
            part = slice(start, start + LARGEST_SEGMENT)
            yield write_segment(self.folder, ids[part], vectors[part])

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Keep other processes from writing, and make sure that none has since it was opened."""
        try:
            with (self.folder / _LOCK).open("ab") as held:
                if not lock(held, exclusive=True):
                    raise SightGraphError(
                        f"the index '{self.folder}' is being changed by another process. Wait "
                        "until it is done."
                    )
                file = self.folder / MANIFEST
                if self._manifest and file.read_text(encoding="utf-8") != self._manifest:
                    raise SightGraphError(
                        f"the index '{self.folder}' was changed by another process since it was "
                        "opened. Open it again."
                    )
                yield
        except (OSError, UnicodeDecodeError) as error:
            raise SightGraphError(f"cannot write the index '{self.folder}': {error}.") from error

    def _commit(self, segments: Iterable[Segment]) -> None:
        """Make `segments` the index, on disk and in memory, and delete the files of no segment."""
        following = tuple(self._compacted(one) for one in segments if one.ids)
        files = [one.file for one in following]
        text = _manifest(self.dimension, self.model, files)
        write_text(self.folder / MANIFEST, text)
        self._manifest, self._segments = text, following
        names = {one.name for one in files}
        for file in self.folder.glob(f"{PREFIX}*{SUFFIX}"):
            if file.name not in names:
                file.unlink(missing_ok=True)

    def _compacted(self, segment: Segment) -> Segment:
        """Write a segment anew, if more than half of its rows are removed."""
        if 2 * len(segment.ids) >= segment.file.rows:
            return segment
        return write_segment(self.folder, segment.ids, segment.vectors)


def _manifest(dimension: int, model: str, files: Sequence[SegmentFile]) -> str:
    content = {
        "sightgraph index": VERSION,
        "dimension": dimension,
        "model": model,
        "segments": [one.as_json() for one in files],
    }
    return json.dumps({**content, "sha256": _digest(content)}, indent=1)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _manifest_text(folder: Path) -> str:
    try:
        return (folder / MANIFEST).read_text(encoding="utf-8")
    except OSError as error:
        raise SightGraphError(
            f"'{folder}' holds no index: {error.strerror}. Did you run `sightgraph search index`?"
        ) from error
    except UnicodeDecodeError as error:
        raise _damaged(folder, error) from error


def _read_manifest(folder: Path, text: str, model: str) -> tuple[int, list[SegmentFile]]:
    """Return the dimension and the files that the manifest names, which are not yet read."""
    try:
        content = json.loads(text)
        version, digest = content["sightgraph index"], content.pop("sha256")
        if version != VERSION:
            raise SightGraphError(
                f"the index '{folder}' is of version {version}; this SightGraph reads {VERSION}. "
                "Index again."
            )
        if digest != _digest(content):
            raise ValueError("its checksum differs")
        files = [SegmentFile.from_json(one) for one in content["segments"]]
        dimension, made_by = int(content["dimension"]), content["model"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(folder, error) from error
    if made_by != model:
        raise SightGraphError(
            f"the index '{folder}' was made by another model ({made_by}, not {model}): index again."
        )
    return dimension, files


def _damaged(folder: Path, reason: object) -> SightGraphError:
    return SightGraphError(
        f"the index '{folder}' is damaged: '{MANIFEST}': {reason}. Delete the folder and index "
        "again."
    )

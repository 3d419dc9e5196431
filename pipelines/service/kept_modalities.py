"""Uploaded modalities by the hash of their file; the oldest go when the room is used up."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from fastapi import HTTPException

from pipelines.modalities import Modality, open_modality
from pipelines.modalities.opening import of_bytes


class KeptModalities:
    """Modalities in memory, at most `most` bytes of vectors; the oldest go first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Modality] = OrderedDict()

    def add(self, name: str, content: bytes, ending: str) -> Modality:
        """Read and keep a file; its source is its hash, never a path of the caller.

        Raises:
            SightGraphError: it cannot be used (`pipelines.modalities.open_modality`).
        """
        found = of_bytes(name, content, f"{name}{ending}")
        with self._lock:
            self._kept[found.sha256] = found
            self._kept.move_to_end(found.sha256)
            while len(self._kept) > 1 and self._bytes() > self._most:
                self._kept.popitem(last=False)
        return found

    def open(self, wanted: Mapping[str, str]) -> dict[str, Modality]:
        """Return the modalities of these hashes, by the names that they are asked about with.

        Raises:
            HTTPException: 404 where one is not there, or no longer.
            SightGraphError: a name cannot be used.
        """
        found = {}
        with self._lock:
            for name, digest in wanted.items():
                if digest not in self._kept:
                    raise HTTPException(404, f"there is no modality '{digest}'. Upload it first.")
                self._kept.move_to_end(digest)
                found[name] = open_modality(name, self._kept[digest])
        return found

    def _bytes(self) -> int:
        return sum(one.vectors.nbytes for one in self._kept.values())

"""Uploaded photographs by the hash of their content; the oldest go when the room is used up."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from fastapi import HTTPException

from pipelines.photo import Photo

QUALITY = 90
"""Of the JPEG that a browser is shown: the upload itself may be of a kind that it cannot show."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A photograph as it was uploaded, and as it is shown; width and height in pixels."""

    content: bytes
    shown: bytes
    width: int
    height: int


class Photographs:
    """Photographs in memory, at most `most` bytes of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Uploaded] = OrderedDict()

    def add(self, content: bytes) -> tuple[str, Uploaded]:
        """Take a photograph; return its SHA-256 and what is kept.

        Raises:
            SightGraphError: it is no photograph.
        """
        opened = Photo.open(content)
        buffer = io.BytesIO()
        opened.image.save(buffer, "JPEG", quality=QUALITY)
        found = Uploaded(content, buffer.getvalue(), opened.width, opened.height)
        with self._lock:
            self._kept[opened.sha256] = found
            self._kept.move_to_end(opened.sha256)
            while len(self._kept) > 1 and self._bytes() > self._most:
                self._kept.popitem(last=False)
        return opened.sha256, found

    def get(self, name: str) -> Uploaded:
        """Return the photograph of that SHA-256.

        Raises:
            HTTPException: 404 where it is not there, or no longer.
        """
        with self._lock:
            if name not in self._kept:
                raise HTTPException(404, f"there is no photograph '{name[:80]}'. Upload it first.")
            self._kept.move_to_end(name)
            return self._kept[name]

    def open(self, name: str) -> Photo:
        """Return the photograph, decoded, with its hash as its source."""
        return replace(Photo.open(self.get(name).content), source=name)

    def _bytes(self) -> int:
        return sum(len(one.content) + len(one.shown) for one in self._kept.values())

"""Photographs by their content: what is done of it, and what is left to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.batch.engines import Engine, Row
from pipelines.batch.graphs import GraphTask
from pipelines.batch.photo_files import PhotoFiles


def make_hashing() -> Callable[[str], Row]:
    """Return the work that reads a photograph and hashes its content."""
    photographs = PhotoFiles()
    return lambda photo: {"sha256": photographs.digest(photo)}


@dataclass
class Contents:
    """Photographs and the names that each has, by SHA-256 of the content.

    rows: of the manifest, for names whose content is done under another name, or cannot be read.
    left: a task for each content that is not done. names: all names of a content.
    """

    rows: list[Row] = field(default_factory=list)
    left: list[GraphTask] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        """How many photographs have no row yet."""
        return len(self.rows) + sum(map(len, self.names.values()))

    def rows_of(self, row: Row) -> Iterator[Row]:
        """Yield the row of a task for each name that its photograph has."""
        for name in self.names[row["sha256"]]:
            yield {**row, "photo": name}


def sort_by_content(
    engine: Engine,
    photographs: Sequence[str],
    manifest: Iterable[Row],
    advance: Callable[[], None] = lambda: None,
) -> Contents:
    """Hash the photographs on the engine, and return what is left to do.

    manifest: rows of what is done; those of a content that was in a lost part are left out.
    advance: called after each photograph.
    """
    known: dict[str, Row] = {}
    written: set[tuple[Any, Any]] = set()
    for row in manifest:
        known[row.get("sha256") or row["photo"]] = row
        written.add((row["photo"], row.get("sha256", "")))
    found: dict[int, Row] = {}
    for place, row in engine(make_hashing, photographs):
        found[place] = row
        advance()
    contents = Contents()
    for place, photo in enumerate(photographs):
        row = found[place]
        if "error" in row:
            if (photo, "") not in written:
                contents.rows.append({"photo": photo, "sha256": "", **row})
            continue
        digest = row["sha256"]
        if digest not in known:
            names = contents.names.setdefault(digest, [])
            if not names:
                contents.left.append(GraphTask(photo, digest))
            names.append(photo)
        elif (photo, digest) not in written:
            contents.rows.append({**known[digest], "photo": photo})
    return contents


__all__ = ["Contents", "make_hashing", "sort_by_content"]

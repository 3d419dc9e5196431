"""Checksums of a store's files: damage is found before it becomes another answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kg import schema
from kg.errors import SightGraphError

CHECKSUMS = "checksums.json"
"""The file of a generation that lists its other files: name -> size, time of change, digest."""
_CHUNK = 1 << 20


def write_checksums(generation: Path) -> None:
    """Write the checksums of all files in `generation`, which do not change from now on."""
    entries = {}
    for name, file in _files(generation):
        about = file.stat()
        entries[name] = [about.st_size, about.st_mtime_ns, _digest(file)]
    (generation / CHECKSUMS).write_text(json.dumps(entries), encoding="utf-8")


def check_generation(
    generation: Path, everything: bool = False, progress: Callable[[int], None] = lambda done: None
) -> int:
    """Check a generation; return how many files were compared with their digests.

    A file whose size and time of change are those of the import counts as unchanged, so that
    opening a store costs no more than a look at each file.

    everything: compare every digest. progress: called with the bytes that were read.

    Raises:
        SightGraphError: a file is missing, was added, or has changed.
    """
    recorded = _recorded(generation)
    present = dict(_files(generation))
    for name in sorted(recorded.keys() ^ present.keys()):
        change = "is missing" if name in recorded else "was added"
        raise damaged(generation.parent, f"the file '{name}' {change}")
    compared = read = 0
    for name, (size, changed, digest) in recorded.items():
        about = present[name].stat()
        if about.st_size != size:
            raise damaged(generation.parent, f"the file '{name}' has another size")
        if everything or about.st_mtime_ns != changed:
            compared += 1
            if _digest(present[name]) != digest:
                raise damaged(generation.parent, f"the file '{name}' has other contents")
        read += size
        progress(read)
    return compared


def damaged(folder: Path, reason: object) -> SightGraphError:
    """Return the error for a damaged store."""
    return SightGraphError(
        f"the store in '{folder}' is damaged: {reason}. Import its sources again into a new folder."
    )


@contextmanager
def corruption_as_damage(folder: Path) -> Iterator[None]:
    """Turn the errors that pyoxigraph raises over damaged triples into that of a damaged store.

    Only a store without checksums can be damaged unnoticed until its triples are read.

    Raises:
        SightGraphError: the triples are damaged.
    """
    try:
        yield
    except RuntimeError as error:
        raise damaged(folder, error) from error


def _recorded(generation: Path) -> dict[str, tuple[int, int, str]]:
    try:
        entries = schema.read_json(generation / CHECKSUMS)
        return {
            str(name): (
                schema.whole(size, "a size", most=2**62),
                schema.whole(changed, "a time", most=2**63),
                schema.text(digest, "a digest"),
            )
            for name, (size, changed, digest) in schema.mapping(entries, "it").items()
        }
    except (SightGraphError, ValueError, TypeError) as error:
        raise damaged(generation.parent, str(error).removesuffix(".")) from error


def _files(generation: Path) -> Iterator[tuple[str, Path]]:
    """Yield the relative name and the path of every file but the list itself, sorted."""
    for file in sorted(generation.rglob("*")):
        if file.is_file() and file.name != CHECKSUMS:
            yield file.relative_to(generation).as_posix(), file


def _digest(file: Path) -> str:
    found = hashlib.blake2b(digest_size=16)
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()

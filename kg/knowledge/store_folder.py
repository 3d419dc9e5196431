"""The folder of a store: its generations, one import at a time, and what killed imports left."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from kg.errors import SightGraphError
from kg.files import atomic_path, lock
from kg.knowledge.integrity import CHECKSUMS, damaged, write_checksums
from kg.knowledge.store import (
    ABOUT,
    CURRENT,
    FORMAT,
    GENERATION,
    GENERATION_NAME,
    SourceInfo,
    current_generation,
    is_store,
    read_about,
)

BUILDING = "building-"
"""Begins the name of the folder of an import that has not ended."""
SPOOL = "spool.nq"
"""The file in it of all statements, from which the index is made."""
_LOCK = "lock"
_BUILDING_NAME = re.compile(rf"(?:{BUILDING}|{GENERATION})[0-9a-f]{{12}}")
_OWN_NAMES = {"triples", "index", SPOOL, ABOUT, CHECKSUMS}
"""All that a generation holds, finished or not."""


def make_folder(folder: Path) -> None:
    """Make the folder of a store, if there is none.

    Raises:
        SightGraphError: it cannot be made, is a file, or holds other files than a store does.
    """
    if folder.exists() and not folder.is_dir():
        raise SightGraphError(f"cannot make a store at '{folder}': it is a file. Name a folder.")
    if folder.is_dir() and current_generation(folder) is None:
        if is_store(folder) and (folder / _LOCK).is_file():
            raise damaged(folder, f"its file '{CURRENT}' names no generation")
        others = sorted(one.name for one in folder.iterdir() if not _is_own(one))
        if others:
            raise SightGraphError(
                f"the folder '{folder}' holds other files ('{others[0]}'). Name a new or empty one."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SightGraphError(f"cannot make the folder '{folder}': {error.strerror}.") from error


@contextmanager
def only_import(folder: Path) -> Iterator[None]:
    """Hold the store's lock; the system lets go of it when the process ends, however it ends.

    Raises:
        SightGraphError: another import holds it, or it cannot be written.
    """
    try:
        file = (folder / _LOCK).open("w")
    except OSError as error:
        raise SightGraphError(f"cannot write to the store '{folder}': {error.strerror}.") from error
    with file:
        if not lock(file, exclusive=True):
            raise SightGraphError(
                f"another import into '{folder}' is running. Wait until it has ended."
            )
        yield


def remove_leftovers(folder: Path) -> None:
    """Remove what killed imports left, and replaced generations that nobody reads any more."""
    current = current_generation(folder)
    for one in folder.iterdir():
        if one in (current, folder / _LOCK) or not _is_own(one):
            continue
        if one.is_file():
            one.unlink()
        elif not (one / ABOUT).is_file():
            shutil.rmtree(one, ignore_errors=True)
        else:
            with (one / ABOUT).open("rb") as about:
                if lock(about, exclusive=True):
                    shutil.rmtree(one, ignore_errors=True)


def finish(folder: Path, building: Path, info: SourceInfo) -> None:
    """Let the new generation take the place of the old one."""
    old = current_generation(folder)
    others = [] if old is None else read_about(old)["sources"]
    sources = [one for one in others if one["name"] != info.name] + [asdict(info)]
    about = json.dumps({"format": FORMAT, "checked": True, "sources": sources})
    (building / ABOUT).write_text(about, encoding="utf-8")
    write_checksums(building)
    _sync(*building.rglob("*"), building)
    generation = folder / f"{GENERATION}{building.name.removeprefix(BUILDING)}"
    building.rename(generation)
    with atomic_path(folder / CURRENT) as path:
        path.write_text(generation.name + "\n", encoding="utf-8")
        _sync(path, folder)
    _sync(folder)
    remove_leftovers(folder)


def _is_own(path: Path) -> bool:
    """Whether an import certainly made `path`: by its name and by all that it holds."""
    if path.is_symlink():
        return False
    if path.is_dir():
        return bool(_BUILDING_NAME.fullmatch(path.name)) and all(
            one.name in _OWN_NAMES for one in path.iterdir()
        )
    if path.name == _LOCK:
        return path.stat().st_size == 0
    if not path.name.startswith(f".{CURRENT}"):
        return False
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    return not text or bool(GENERATION_NAME.fullmatch(text))


def _sync(*paths: Path) -> None:
    """Wait until files and folders are on the disk, so that `current` never names half a store."""
    for path in paths:
        if os.name == "nt" and path.is_dir():  # Windows opens no folder
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

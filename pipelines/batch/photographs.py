"""Which photographs a folder, a pattern or a list names."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kg.errors import SightGraphError
from pipelines.batch.photo_files import ENDINGS, PhotoFiles, is_uri

LISTS = frozenset({".txt", ".lst", ".list"})
"""Files with one photograph a line."""


def is_many(source: str) -> bool:
    """Whether `source` names a folder, a pattern, a list or a URI, and not one photograph."""
    path = Path(source)
    if path.is_file():
        return path.suffix.lower() in LISTS
    return is_uri(source) or path.is_dir() or glob.has_magic(source)


def find_photographs(sources: Iterable[str], without: Path | None = None) -> list[str]:
    """Return the photographs that `sources` name, each once, in order.

    without: a folder that is not looked into where it lies in one of the others: the results'.

    Of a folder, also of one behind a URI, all photographs in it and below it, by name. A pattern
    may hold `**`. Lines of a list are paths, from the list's folder, URIs, or example:NAME; empty
    lines and those that begin with '#' are left out.

    Raises:
        SightGraphError: a source names no photograph.
    """
    found: dict[str, None] = {}
    for source in sources:
        those = list(_of(source, without))
        if not those:
            raise SightGraphError(
                f"'{source}' holds no photograph. Known endings: {', '.join(sorted(ENDINGS))}."
            )
        found |= dict.fromkeys(those)
    return list(found)


def output_names(photographs: Iterable[str]) -> dict[str, str]:
    """Return for each photograph the path of its results below the output folder, without ending.

    Folders are kept from the one that all have in common. Photographs that differ only in their
    ending keep it, and what then still has the name of another gets a number.

    >>> output_names(["a/x.jpg", "a/b/y.jpg", "a/b/y.png", "example:cat"])
    {'a/x.jpg': 'x', 'a/b/y.jpg': 'b/y.jpg', 'a/b/y.png': 'b/y.png', 'example:cat': 'cat'}
    """
    listed = list(photographs)
    if "example:" in listed:
        raise SightGraphError("'example:' names no photograph. Write, for example, example:cat.")
    files = [_path(one) for one in listed if not one.startswith("example:")]
    folders = [file.parent.parts for file in files]
    shared = 0
    while folders and all(len(one) > shared for one in folders):
        if len({one[shared] for one in folders}) > 1:
            break
        shared += 1
    names = {one: _below(one, shared) for one in listed}
    found = {one: Path(name).with_suffix("").as_posix() for one, name in names.items()}
    while doubled := {one: names[one] for one in _doubled(found) if found[one] != names[one]}:
        found |= doubled
    for number, one in enumerate(_doubled(found)):
        found[one] = f"{found[one]}-{number + 1}"
    return found


def _doubled(found: Mapping[str, str]) -> list[str]:
    """Return the keys whose value another key has, too."""
    often = Counter(found.values())
    return [one for one, name in found.items() if often[name] > 1]


def _below(photograph: str, shared: int) -> str:
    if photograph.startswith("example:"):
        return photograph.removeprefix("example:")
    return Path(*_path(photograph).parts[shared:]).as_posix()


def _path(photograph: str) -> Path:
    """Return the path of a photograph, or that of its URI."""
    if is_uri(photograph):
        parts = urlsplit(photograph)
        return Path("/", parts.netloc, unquote(parts.path).lstrip("/"))
    return Path(os.path.abspath(photograph))  # without "..", behind which two may be one


def _of(source: str, without: Path | None) -> Iterable[str]:
    if is_uri(source):
        return PhotoFiles().below(source)
    path = Path(source)
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in ENDINGS)
        results = None if without in (None, path) else without
        return [str(file) for file in files if file.is_file() and not _is_in(file, results)]
    if path.is_file() and path.suffix.lower() in LISTS:
        return _listed(path)
    if not path.exists() and glob.has_magic(source):
        return sorted(one for one in glob.glob(source, recursive=True) if Path(one).is_file())
    return [source]


def _is_in(file: Path, folder: Path | None) -> bool:
    return folder is not None and file.absolute().is_relative_to(folder.absolute())


def _listed(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SightGraphError(f"the list '{path}' is not UTF-8. Save it as UTF-8.") from error
    named = [line.strip() for line in lines]
    return [
        one if one.startswith("example:") or is_uri(one) else str(path.parent / one)
        for one in named
        if one and not one.startswith("#")
    ]

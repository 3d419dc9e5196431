"""Reading word vectors as GloVe, word2vec and fastText publish them in text files."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from kg.errors import SightGraphError

_HEADER_FIELDS = 2
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class WordVectorTable:
    """Words and their vectors, in the order of the file.

    Shapes: values [len(words), dim], float32
    """

    words: tuple[str, ...]
    values: np.ndarray


def read_word_vectors(file: str | Path, wanted: Collection[str]) -> WordVectorTable:
    """Return the vectors of the `wanted` words that the file has; the others are passed over.

    A line is a word and its numbers, with one space between; a word may hold spaces (as in
    GloVe 840B). The first line may give the numbers of words and features (word2vec,
    fastText). Of words that are not wanted the numbers are only counted. Of a word that
    stands twice the first counts. The file may be gzipped (.gz).

    Raises:
        SightGraphError: the file cannot be read, a line does not have as many numbers as the
            first, or the file ends before all words that its first line promises.
    """
    file = Path(file)
    sought = {word.encode() for word in wanted}
    promised, dim, read, found = None, None, 0, dict[str, np.ndarray]()
    for number, line in _lines(file):
        if number == 1 and (header := _header(line)):
            promised, dim = header
            continue
        read += 1
        dim = line.count(b" ") if dim is None else dim
        word = _word(line, dim)
        if not word:
            _refuse(file, number, line, f"expected a word and {max(dim, 1)} numbers")
        if word in sought:
            numbers = line[len(word) + 1 :].split(b" ")
            found.setdefault(word.decode(), _numbers(file, number, line, numbers))
    if dim is None:
        raise SightGraphError(f"'{file}' holds no word vectors: it is empty.")
    if promised is not None and read != promised:
        raise SightGraphError(
            f"'{file}' is not whole: its first line promises {promised} words, {read} follow. "
            "Fetch it again."
        )
    values = np.stack(list(found.values())) if found else np.zeros((0, dim), np.float32)
    return WordVectorTable(tuple(found), values)


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their numbers from 1, without what ends them."""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield number, line.rstrip(b"\r\n ")
    except (OSError, EOFError) as error:
        raise SightGraphError(f"the word vectors '{file}' cannot be read: {error}") from error


def _header(line: bytes) -> tuple[int, int] | None:
    fields = line.split(b" ")
    if len(fields) == _HEADER_FIELDS and all(field.isdigit() for field in fields):
        return int(fields[0]), int(fields[1])
    return None


def _word(line: bytes, dim: int) -> bytes:
    """Return what stands before the last `dim` fields, nothing where there are too few."""
    spaces = line.count(b" ")
    if spaces < dim or dim < 1:
        return b""
    return line.partition(b" ")[0] if spaces == dim else line.rsplit(b" ", dim)[0]


def _numbers(file: Path, number: int, line: bytes, fields: list[bytes]) -> np.ndarray:
    try:
        values = np.array([float(field) for field in fields], np.float32)
    except ValueError:
        _refuse(file, number, line, "expected numbers after the word")
    if not np.isfinite(values).all():
        _refuse(file, number, line, "expected finite numbers")
    return values


def _refuse(file: Path, number: int, line: bytes, reason: str) -> NoReturn:
    start = line[:_SHOWN].decode(errors="replace")
    raise SightGraphError(f"{file}, line {number}: {reason}, found '{start}'.")

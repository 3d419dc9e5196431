"""Reading word vectors as GloVe, word2vec and fastText publish them in text files."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from torch import nn

from graph_fusion.encoders.base import TokenEncoder, Tokens
from graph_fusion.encoders.words import (
    FIRST,
    PADDING,
    UNKNOWN,
    Vocabulary,
    as_vocabulary,
    masked_names,
    padded_rows,
    words_of,
)
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


def read_word_vectors(file: str | Path, words: Collection[str]) -> WordVectorTable:
    """Return the vectors of those `words` that the file has; the others are skipped.

    A line is a word and its numbers, with one space between; a word may hold spaces (as in
    GloVe 840B). The first line may give the numbers of words and features (word2vec,
    fastText). The numbers of other words are only counted. Of a word that
    stands twice the first counts. The file may be gzipped (.gz).

    Raises:
        SightGraphError: the file cannot be read, a line does not have as many numbers as the
            first, or the file ends before all words that its first line promises.
    """
    file = Path(file)
    sought = {word.encode() for word in words}
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
    except (OSError, EOFError, zlib.error) as error:
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


UNKNOWN_CHOICES = ("masked", "trained")


class WordVectors(TokenEncoder):
    """One token a word, with the vector that a file has for it.

    vocabulary: the words to read. Those without a vector in the file count as unknown.
    file: in the text format of GloVe, word2vec or fastText (`read_word_vectors`); None: the
        vectors come with the `state_dict` afterwards, and `dim` says how long they are.
    frozen: the vectors stay as they are.
    unknown: "masked": an unknown word has zeros and is masked, unless its text has no other
        word: then the first stays, so that there is a token. "trained": one vector is trained
        for all unknown words, also where the others are frozen.

    Raises:
        SightGraphError: the file cannot be used or has none of the words.
    """

    def __init__(
        self,
        vocabulary: Vocabulary | Sequence[str],
        file: str | Path | None = None,
        dim: int | None = None,
        frozen: bool = True,
        unknown: str = "masked",
    ) -> None:
        super().__init__()
        if unknown not in UNKNOWN_CHOICES:
            raise SightGraphError(
                f"unknown='{unknown}' does not exist. Known: {', '.join(UNKNOWN_CHOICES)}."
            )
        self.vocabulary = as_vocabulary(vocabulary)
        self.unknown = unknown
        values = self._read(file, dim)
        self.dim = values.shape[1]
        self.table = nn.Embedding(len(values), self.dim, padding_idx=PADDING)
        self.table.weight = nn.Parameter(values, requires_grad=not frozen)
        self.unknown_vector = nn.Parameter(torch.zeros(self.dim)) if unknown == "trained" else None

    def forward(self, texts: Sequence[str]) -> Tokens:
        words = words_of(texts)
        rows = padded_rows(self.vocabulary, words).to(self.table.weight.device)
        values = self.table(rows)
        mask = rows != PADDING
        is_unknown = rows == UNKNOWN
        if self.unknown_vector is not None:
            values = torch.where(is_unknown.unsqueeze(-1), self.unknown_vector, values)
        else:
            values = values.masked_fill(is_unknown.unsqueeze(-1), 0.0)
            mask = mask & ~is_unknown
            mask[:, 0] |= ~mask.any(1)
        return Tokens(values, mask, names=masked_names(words, mask))

    def config(self) -> dict[str, Any]:
        return {
            "vocabulary": list(self.vocabulary.words),
            "dim": self.dim,
            "frozen": not self.table.weight.requires_grad,
            "unknown": self.unknown,
        }

    def _read(self, file: str | Path | None, dim: int | None) -> torch.Tensor:
        """Return the start of the table, and keep of the vocabulary what the file has."""
        if file is None:
            if dim is None:
                raise SightGraphError(
                    "word vectors need a file (GloVe, word2vec or fastText as text), or dim when "
                    "they are loaded from a state dict afterwards."
                )
            return torch.zeros(len(self.vocabulary) + FIRST, dim)
        read = read_word_vectors(file, self.vocabulary.words)
        if not read.words:
            raise SightGraphError(
                f"'{file}' has a vector for none of the {len(self.vocabulary)} words of the "
                "vocabulary. They are in lower case: is it another language?"
            )
        if dim is not None and dim != read.values.shape[1]:
            raise SightGraphError(
                f"the vectors in '{file}' have {read.values.shape[1]} features, not {dim}."
            )
        self.vocabulary = Vocabulary(read.words)
        first = torch.zeros(FIRST, read.values.shape[1])
        return torch.cat([first, torch.from_numpy(read.values)])

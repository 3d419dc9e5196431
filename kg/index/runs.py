"""Sorting what does not fit into memory: sorted runs in files, merged as they are read.

Texts as lines, and facts as pairs of 64-bit numbers. What fits into one run is never written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

LINES = 500_000
"""Lines of a run: about 80 MB of Python's strings."""
MAX_FILES = 128
"""Files that are merged at a time; systems allow a process some hundreds."""
BYTES_A_PAIR = 64
"""Memory for each pair of a run while it is sorted: itself twice, its order, and sorting keys."""
SMALLEST_BLOCK = 1024
"""Pairs that are read of a file at a time, at least."""

Pairs = tuple[NDArray[np.uint64], NDArray[np.uint64]]
"""Two columns of as many rows: the second one decides where the first ones are equal."""


class _Files:
    """A folder for runs, made when the first one is written and removed with all of them."""

    def __init__(self, beside: Path | None) -> None:
        self._beside = beside
        self._folder: TemporaryDirectory[str] | None = None
        self._made = 0

    def new(self) -> Path:
        """Return the path of a new file."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="runs-", dir=self._beside)
        self._made += 1
        return Path(self._folder.name) / str(self._made)

    def remove(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()


class SortedLines:
    """Lines that are given in runs, and read in the order of their bytes.

    beside: the folder in which there is place for files; that of the system if None.
    """

    def __init__(self, beside: Path | None = None) -> None:
        self._files = _Files(beside)
        self._runs: list[Path] = []

    def write(self, texts: Iterable[bytes]) -> None:
        """Write a run of texts, none of which holds a line feed."""
        self._save(sorted(text + b"\n" for text in texts))

    def merged(self, last: Iterable[bytes] = ()) -> Iterator[bytes]:
        """Yield all lines, with their line feeds, in order; `last` is a run that was not written.

        What was given several times comes as often.
        """
        while len(self._runs) > MAX_FILES:
            first, self._runs = self._runs[:MAX_FILES], self._runs[MAX_FILES:]
            with ExitStack() as opened:
                self._save(merge(*(opened.enter_context(run.open("rb")) for run in first)))
            for run in first:
                run.unlink()
        with ExitStack() as opened:
            files = [opened.enter_context(run.open("rb")) for run in self._runs]
            yield from merge(*files, sorted(text + b"\n" for text in last))

    def _save(self, lines: Iterable[bytes]) -> None:
        self._runs.append(self._files.new())
        with self._runs[-1].open("wb") as file:
            file.writelines(lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.remove()


class SortedPairs:
    """Pairs of numbers that are given in any order, and read in theirs, in `memory` bytes."""

    def __init__(self, memory: int, beside: Path | None = None) -> None:
        self._most = max(memory // BYTES_A_PAIR, SMALLEST_BLOCK)
        self._files = _Files(beside)
        self._runs: list[Path] = []
        self._waiting: list[Pairs] = []
        self._count = 0

    def add(self, first: NDArray[np.uint64], second: NDArray[np.uint64]) -> None:
        """Add pairs, given as two columns."""
        self._waiting.append((first, second))
        self._count += len(first)
        if self._count >= self._most:
            self._write()

    def _write(self) -> None:
        self._runs.append(self._files.new())
        with self._runs[-1].open("wb") as file:
            np.stack(self._ordered(), 1).tofile(file)

    def _ordered(self) -> Pairs:
        """Return the pairs that wait, in order; then none waits."""
        waiting, self._waiting, self._count = self._waiting, [], 0
        return _joined(waiting)

    def blocks(self) -> Iterator[Pairs]:
        """Yield all pairs in order, block by block."""
        if not self._runs:
            if self._count:
                yield self._ordered()
            return
        if self._count:
            self._write()
        block = max(self._most // len(self._runs), SMALLEST_BLOCK)
        with ExitStack() as opened:
            files = [opened.enter_context(run.open("rb")) for run in self._runs]
            yield from _merged([_blocks_of(file, block) for file in files])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.remove()


def _blocks_of(file: BinaryIO, block: int) -> Iterator[Pairs]:
    while len(read := np.fromfile(file, np.uint64, 2 * block)):
        yield read[::2].copy(), read[1::2].copy()


def _joined(several: list[Pairs]) -> Pairs:
    """Return the pairs of all, in order."""
    first, second = (np.concatenate(columns) for columns in zip(*several, strict=True))
    order = np.lexsort((second, first))
    return first[order], second[order]


def _merged(runs: list[Iterator[Pairs]]) -> Iterator[Pairs]:
    """Merge sorted runs: what is no greater than the last pair of any block that was read is next.

    That uses up one block at least, whose run is then read on.
    """
    heads = {run: next(run) for run in runs}
    while heads:
        bound = min((head[0][-1], head[1][-1]) for head in heads.values())
        ready = []
        for run, (first, second) in list(heads.items()):
            end = _end_of(first, second, *bound)
            ready.append((first[:end], second[:end]))
            heads[run] = first[end:], second[end:]
            if end == len(first):
                if (more := next(run, None)) is None:
                    del heads[run]
                else:
                    heads[run] = more
        yield _joined(ready)


def _end_of(
    first: NDArray[np.uint64],
    second: NDArray[np.uint64],
    bound: np.uint64,
    second_bound: np.uint64,
) -> int:
    """Return how many of sorted pairs are no greater than the bound."""
    low = int(np.searchsorted(first, bound, "left"))
    high = int(np.searchsorted(first, bound, "right"))
    return low + int(np.searchsorted(second[low:high], second_bound, "right"))

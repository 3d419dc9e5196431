"""The words that a misspelt word may be: one letter more, less, other, or two exchanged.

Mistakes are counted in bytes of UTF-8: where a letter outside ASCII takes the place of another
one, that may be two, and the word is not found.

A word with one mistake keeps its first or its last half. So only those known words are compared
that share a half with it: two ranges of a sorted list, one of them sorted by the words read
backwards. Mistakes over the middle (two letters exchanged there) are tried out. In a small
vocabulary all that a word may have been is looked up (as in Norvig's speller, 2007).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.index.runs import LINES, SortedLines

SMALL = 50_000
"""Words up to which a mistake is looked up in a set: loading numba's loops takes a second."""
SHORTEST = 4
"""Words with fewer letters have no typo that could be distinguished from another word."""
LONGEST = 40


def word_arrays(names: Iterable[str], folder: Path | None = None) -> Mapping[str, NDArray[Any]]:
    """Return the single words of all names as arrays: `word_start`, `word_bytes`, `word_backwards`.

    word_start [W + 1]: where each word begins in word_bytes (UTF-8), in the order of the bytes.
    word_backwards [W]: the words' numbers in the order of the words read backwards.

    folder: where many words are sorted on disk.
    """
    letters, lengths = bytearray(), array("B")
    with SortedLines(folder) as words, SortedLines(folder) as backwards:
        last: set[bytes] = set()
        for name in names:
            for word in name.split():
                if SHORTEST <= len(word) <= LONGEST and word.isalpha() and word.islower():
                    last.add(word.encode())
            if len(last) >= LINES:
                words.write(last)
                last.clear()
        turned: list[bytes] = []
        for number, (line, _) in enumerate(groupby(words.merged(last))):
            letters += (word_bytes := line[:-1])
            lengths.append(len(word_bytes))
            turned.append(b"%s\t%d" % (word_bytes[::-1], number))
            if len(turned) >= LINES:
                backwards.write(turned)
                turned.clear()
        ordered = (int(line.rpartition(b"\t")[2]) for line in backwards.merged(turned))
        word_backwards = np.fromiter(ordered, np.int32, len(lengths))
    return {
        "word_start": starts_of(np.frombuffer(lengths, np.uint8)),
        "word_bytes": np.frombuffer(letters, np.uint8),
        "word_backwards": word_backwards,
    }


def starts_of(lengths: NDArray[Any]) -> NDArray[np.uint32]:
    """Return where each row begins, given how many entries each has: [rows + 1]."""
    starts = np.zeros(len(lengths) + 1, np.uint32)
    np.cumsum(lengths, out=starts[1:])
    return starts


class Speller:
    """Corrects words by the words of a vocabulary, given as the arrays of `word_arrays`."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays = tuple(
            arrays[name] for name in ("word_start", "word_bytes", "word_backwards")
        )
        # Slices of a memoryview cost a third of an array's.
        self._starts, self._letters = arrays["word_start"].data, arrays["word_bytes"].data

    @cached_property
    def words(self) -> frozenset[str]:
        """The whole vocabulary."""
        return frozenset(one.decode() for one in self._spelled)

    @cached_property
    def _spelled(self) -> frozenset[bytes]:
        return frozenset(self._bytes(i) for i in range(len(self._starts) - 1))

    @cached_property
    def _alphabet(self) -> list[bytes]:
        """Each byte that the words are written with."""
        return [bytes([one]) for one in sorted(set(bytes(self._letters)))]

    def __call__(self, word: str) -> list[str]:
        """Return the known words that `word` may be a misspelling of, likeliest first.

        A known word is none. Two letters exchanged and a letter missing or doubled are likelier
        than a wrong one, and the first letter is seldom wrong.
        """
        if not SHORTEST <= len(word) <= LONGEST:
            return []
        small = len(self._starts) <= SMALL
        found = self._looked_up(word.encode()) if small else self._compared(word.encode())
        if len(found) < 2:
            return found
        return sorted(found, key=lambda known: (_unlikely(word, known), known))

    def _looked_up(self, word: bytes) -> list[str]:
        """Return the known words with one mistake less, from a set."""
        if word in self._spelled:
            return []
        halves = [(word[:place], word[place:]) for place in range(len(word) + 1)]
        near = {start + end[1:] for start, end in halves if end}
        near |= {start + end[1:2] + end[:1] + end[2:] for start, end in halves if len(end) > 1}
        for letter in self._alphabet:
            near |= {start + letter + end for start, end in halves}
            near |= {start + letter + end[1:] for start, end in halves if end}
        return [one.decode() for one in near & self._spelled]

    def _compared(self, word: bytes) -> list[str]:
        """Return the known words with one mistake less, by the compiled loops."""
        word_number, words_like = self._loops
        letters = np.frombuffer(word, np.uint8)
        if word_number(*self._arrays, letters) >= 0:
            return []
        return [self._word(number) for number in words_like(*self._arrays, letters).tolist()]

    @cached_property
    def _loops(self) -> tuple[Any, Any]:
        """The compiled loops: an import statement costs a fifth of a word's correction."""
        from kg.index.kernels import word_number, words_like

        return word_number, words_like

    def _word(self, number: int) -> str:
        return self._bytes(number).decode()

    def _bytes(self, number: int) -> bytes:
        return bytes(self._letters[self._starts[number] : self._starts[number + 1]])


def _unlikely(written: str, correct: str) -> int:
    """Return how unlikely a typo is: 0 is likeliest."""
    exchanged = len(written) == len(correct) and sorted(written) == sorted(correct)
    doubled = len(written) != len(correct) and set(written) == set(correct)
    first = 4 * (written[0] != correct[0])
    return first + (0 if exchanged or doubled else 1 if len(written) != len(correct) else 2)

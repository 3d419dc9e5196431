"""The words that a misspelt word may be: one letter more, less, other, or two exchanged.

A word with one mistake keeps its first or its last half. So only those known words are compared
that share a half with it: two ranges of a sorted list, one of them sorted by the words read
backwards. Mistakes over the middle (two letters exchanged there) are tried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHORTEST = 4
"""Words with fewer letters have no typo that could be told from another word."""
LONGEST = 40


def word_arrays(names: Iterable[str]) -> Mapping[str, NDArray[Any]]:
    """Return the single words of all names as arrays: `word_start`, `word_bytes`, `word_backwards`.

    word_start [W + 1]: where each word begins in word_bytes (UTF-8), in the order of the bytes.
    word_backwards [W]: the words' numbers in the order of the words read backwards.
    """
    words: set[bytes] = set()
    for name in names:
        for word in name.split():
            if SHORTEST <= len(word) <= LONGEST and word.isalpha() and word.islower():
                words.add(word.encode())
    ordered = sorted(words)
    lengths = np.fromiter(map(len, ordered), np.int64, len(ordered))
    starts = np.zeros(len(ordered) + 1, np.uint32)
    np.cumsum(lengths, out=starts[1:])
    backwards = sorted(range(len(ordered)), key=lambda number: ordered[number][::-1])
    return {
        "word_start": starts,
        "word_bytes": np.frombuffer(b"".join(ordered), np.uint8),
        "word_backwards": np.array(backwards, np.int32),
    }

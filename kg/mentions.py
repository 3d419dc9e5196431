"""Finding names of a large index in running text, with a typo where nothing else fits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from kg.index import Index, IntArray
from kg.names import singular_forms
from kg.spelling import LONGEST, SHORTEST

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_UNNAMED = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "is",
        "are",
        "was",
        "were",
        "be",
        "do",
        "does",
        "did",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "and",
        "or",
        "not",
        "it",
        "its",
        "he",
        "she",
        "they",
        "we",
        "you",
        "i",
        "his",
        "her",
        "their",
        "your",
        "my",
        "what",
        "which",
        "who",
        "where",
        "when",
        "why",
        "how",
        "can",
        "could",
        "would",
        "should",
        "will",
        "may",
        "have",
        "has",
        "had",
        "there",
        "here",
    ]
)
"""Words that are names of hardly anything, and would be found in every sentence."""


class Mention(NamedTuple):
    """A name found in a text.

    start, end: in characters of the text. name: as the index knows it.
    low, high: where the nodes that it may mean stand in the index's name_node.
    typo: whether a letter had to be changed.
    """

    start: int
    end: int
    name: str
    low: int
    high: int
    typo: bool = False


class MentionFinder:
    """Finds the longest names in a text, one look into the trie for each word."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._words = tuple(
            index.arrays[name] for name in ("word_start", "word_bytes", "word_backwards")
        )
        self._name_start = index.arrays["name_start"].data

    def __call__(self, text: str, typos: bool = True) -> list[Mention]:
        """Return the names in `text`, from left to right, none within another.

        typos: let a word of four letters or more that is no known word have one mistake.
        """
        lower = text.lower()
        words = [match.span() for match in _WORD.finditer(lower)]
        ends = {end for _, end in words}
        prefixes, number = self.index.names.prefixes, self.index.names.get
        starts = self._name_start
        found: list[Mention] = []
        done = 0
        for start, end in words:
            if start < done or lower[start:end] in _UNNAMED:
                continue
            for name in reversed(prefixes(lower[start:])):
                stop = start + len(name)
                if stop in ends:
                    key = number(name)
                    low, high = starts[key], starts[key + 1]
                    if low < high:
                        found.append(Mention(start, stop, name, low, high))
                        done = stop
                        break
            else:
                if one := self._inflected_or_misspelt(lower, start, end, typos):
                    found.append(one)
                    done = one.end
        return found

    def nodes(self, mention: Mention) -> IntArray:
        """Return the nodes that a mention may mean, those first whose label it is."""
        return self.index.arrays["name_node"][mention.low : mention.high]

    def _inflected_or_misspelt(
        self, text: str, start: int, end: int, typos: bool
    ) -> Mention | None:
        word = text[start:end]
        for form in singular_forms(word):
            if (span := self._span(form)) is not None:
                return Mention(start, end, form, *span)
        if not typos:
            return None
        for other in self.corrections(word):
            if (span := self._span(other)) is not None:
                return Mention(start, end, other, *span, typo=True)
        return None

    def corrections(self, word: str) -> Iterator[str]:
        """Yield the known words that `word` may be a misspelling of, the likeliest first.

        Two letters exchanged and a letter missing or doubled are likelier than a wrong one, and
        the first letter is seldom wrong.
        """
        letters = word.encode()
        if not SHORTEST <= len(word) <= LONGEST:
            return
        from kg.kernels import words_like

        starts, blob, _ = self._words
        numbers = words_like(*self._words, np.frombuffer(letters, np.uint8))
        words = [bytes(blob[starts[i] : starts[i + 1]]).decode() for i in numbers.tolist()]
        yield from sorted(words, key=lambda one: (_unlikely(word, one), one))

    def _span(self, name: str) -> tuple[int, int] | None:
        number = self.index.names.get(name)
        if number is None or self._name_start[number] == self._name_start[number + 1]:
            return None
        return self._name_start[number], self._name_start[number + 1]


def _unlikely(written: str, meant: str) -> int:
    """Return how unlikely a typo is: 0 is likeliest."""
    exchanged = len(written) == len(meant) and sorted(written) == sorted(meant)
    doubled = len(written) != len(meant) and set(written) == set(meant)
    first = 4 * (written[0] != meant[0])
    return first + (0 if exchanged or doubled else 1 if len(written) != len(meant) else 2)

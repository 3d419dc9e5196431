"""Finding names of a large index in running text, with a typo where nothing else fits."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from kg.english import FUNCTION_WORDS, singular_forms
from kg.index.open import Index, IntArray
from kg.index.spelling import Speller

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_SPACE = re.compile(r"\s+")
_NOT_ONLY_S = ("es", "ss", "en")
"""Ends of words that may be more than a singular and "s"; see `kg.english.singular_forms`."""
LONGEST_NAME = 200
"""Letters that a name has at most; longer ones are not found."""
MOST_WORDS = 4
"""Words that a name in the plural has at most."""
REMEMBERED = 1 << 12
"""Words whose correction is remembered: texts coin, or misspell, the same words again and again."""


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
        self.speller = Speller(index.arrays)
        self._corrected = lru_cache(REMEMBERED)(self._correct)
        self._name_start = index.arrays["name_start"].data

    def __call__(self, text: str, typos: bool = True) -> list[Mention]:
        """Return the names in `text`, from left to right, none within another.

        The last word of a name may stand in the plural or in the genitive.

        typos: let a word of four letters or more that is no known word have one mistake.
        """
        plain = _plain(text)
        words, ends = _words(plain)
        plurals = self._plurals(plain, words, ends)
        prefixes, number = self.index.names.prefixes, self.index.names.get
        starts = self._name_start
        found: list[Mention] = []
        done = 0
        for start, end in words:
            if start < done or plain[start:end] in FUNCTION_WORDS:
                continue
            one = plurals.get(start)
            least = one.end if one is not None else start
            for name in reversed(prefixes(plain[start : start + LONGEST_NAME])):
                stop = start + len(name)
                if stop < least:
                    break
                if stop in ends:
                    key = number(name)
                    low, high = starts[key], starts[key + 1]
                    if low < high:
                        one = Mention(start, ends[stop], name, low, high)
                        break
            if one is None and typos:
                one = self._misspelt(plain, start, end)
            if one is not None:
                found.append(one)
                done = one.end
        if len(plain) == len(text):
            return found
        places = _places(text)
        return [one._replace(start=places[one.start], end=places[one.end]) for one in found]

    def nodes(self, mention: Mention) -> IntArray:
        """Return the nodes that a mention may mean, those first whose label it is."""
        return self.index.arrays["name_node"][mention.low : mention.high]

    def _plurals(
        self, text: str, words: list[tuple[int, int]], ends: dict[int, int]
    ) -> dict[int, Mention]:
        """Add to `ends` where names in the plural end, and where the plural itself does.

        Returns the longest names that the plural changes, by where they begin: "pocket knives"
        does not begin with "pocket knife".
        """
        changed: dict[int, Mention] = {}
        for i, (last, end) in enumerate(words):
            if text[end - 1] != "s" and text[end - 3 : end] != "men":
                continue
            if (word := text[last:end]) in FUNCTION_WORDS:
                continue
            if word[-2:] not in _NOT_ONLY_S and len(word) > 2:
                ends[end - 1] = end
                continue
            for form in reversed(singular_forms(word)):
                if word.startswith(form):
                    ends[last + len(form)] = end
                    continue
                for start, _ in words[max(0, i + 1 - MOST_WORDS) : i + 1]:
                    name = text[start:last] + form
                    if (span := self._span(name)) is not None:
                        changed[start] = Mention(start, end, name, *span)
        return changed

    def _misspelt(self, text: str, start: int, end: int) -> Mention | None:
        found = self._corrected(text[start:end])
        return None if found is None else Mention(start, end, *found, typo=True)

    def _correct(self, word: str) -> tuple[str, int, int] | None:
        """Return the name that a word may be, with one mistake, and where its meanings stand."""
        for other in self.speller(word):
            if (span := self._span(other)) is not None:
                return other, *span
        return None

    def _span(self, name: str) -> tuple[int, int] | None:
        number = self.index.names.get(name)
        if number is None or self._name_start[number] == self._name_start[number + 1]:
            return None
        return self._name_start[number], self._name_start[number + 1]


def _words(text: str) -> tuple[list[tuple[int, int]], dict[int, int]]:
    """Return where words begin and end, and where names may end: with a word, or its genitive."""
    words = [match.span() for match in _WORD.finditer(text)]
    ends = {end: end for _, end in words}
    if "'s" in text:
        words = [(a, b - 2 if text.endswith("'s", a, b) else b) for a, b in words]
        ends |= {end: end for _, end in words}
    return words, ends


def _plain(text: str) -> str:
    """Return `text` in lower case, with single spaces and straight apostrophes."""
    lower = text.lower()
    if len(lower) != len(text):  # "İ" would become two letters
        lower = "".join(small if len(small := one.lower()) == 1 else one for one in text)
    lower = lower.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return lower if " ".join(lower.split()) == lower else _SPACE.sub(" ", lower)


def _places(text: str) -> list[int]:
    """Return where each letter of the plain text, and its end, stand in `text`."""
    within = (i for i, one in enumerate(text) if not (one.isspace() and text[i - 1 : i].isspace()))
    return [*within, len(text)]

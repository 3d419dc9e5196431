"""The words of a caption, as the text-graph reader splits it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"'s\b|\w+(?:-\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a caption in lower case; start and end count characters."""

    text: str
    start: int
    end: int


def split_words(caption: str) -> list[Word]:
    """Split a caption; "t-shirt" stays one word, "man's" becomes two.

    >>> [word.text for word in split_words("A man's t-shirt.")]
    ['a', 'man', "'s", 't-shirt', '.']
    """
    return [
        Word(found.group().lower(), found.start(), found.end()) for found in _WORD.finditer(caption)
    ]

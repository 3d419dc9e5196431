"""English words and the concepts that their senses denote, by Open English WordNet.

No alias says that a fedora is a hat. WordNet does, and it also knows which words are real and
are therefore not misspelt ones. `sightgraph train words` derives the file from its synsets.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from kg.errors import SightGraphError
from kg.files import atomic_path, bundled
from kg.vocabulary import KNOWLEDGE

FILE = "words.tsv.gz"


@dataclass(frozen=True, slots=True)
class Sense:
    """One sense of a word, and a concept that it denotes.

    rank: its place among the word's senses of one part of speech, the most usual first, from 0.
    steps: 0 where the concept has the sense's own synset, 1 where it has a more general one.
    """

    concept: str
    rank: int
    steps: int


@dataclass(frozen=True)
class WordSenses:
    """The words of English, each with its senses that denote a concept; many have none.

    file: what `write_senses` wrote; it is read when a word is first looked up.
    """

    file: Path

    def __contains__(self, word: str) -> bool:
        return word in self.senses

    def of(self, forms: Iterable[str]) -> tuple[Sense, ...]:
        """Return the senses of the first of `forms` that has any."""
        return next((found for one in forms if (found := self.senses.get(one, ()))), ())

    @cached_property
    def senses(self) -> Mapping[str, tuple[Sense, ...]]:
        """The senses of each word.

        Raises:
            SightGraphError: the file is missing or broken.
        """
        try:
            text = gzip.decompress(self.file.read_bytes()).decode()
            if not text:
                raise ValueError("it is empty")
            rows = [line.split("\t") for line in text.split("\n")]
            return {word: tuple(map(_sense, found)) for word, *found in rows}
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise SightGraphError(
                f"cannot read the words '{self.file}': {error}. "
                "Write the file with sightgraph train words."
            ) from error


def write_senses(senses: Mapping[str, Sequence[Sense]], file: Path) -> None:
    """Write a line for each word: the word, and rank:steps:concept of each of its senses."""
    lines = ["\t".join([word, *map(_written, found)]) for word, found in sorted(senses.items())]
    with atomic_path(file) as path:
        path.write_bytes(gzip.compress("\n".join(lines).encode(), 9, mtime=0))


def _written(one: Sense) -> str:
    return f"{one.rank}:{one.steps}:{one.concept.removeprefix(KNOWLEDGE)}"


def _sense(text: str) -> Sense:
    rank, steps, name = text.split(":")
    return Sense(KNOWLEDGE + name, int(rank), int(steps))


@cache
def bundled_words() -> WordSenses:
    """Return the words that come with SightGraph."""
    return WordSenses(Path(bundled("names", FILE)))

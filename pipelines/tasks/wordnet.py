"""Synonym sets from WordNet's database files (Debian's package `wordnet-base`)."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from kg.errors import SightGraphError

PARTS = ("noun", "verb", "adj", "adv")


def synonym_sets(folder: Path) -> dict[str, frozenset[str]]:
    """Return for each word the synonym sets that hold it, by part of speech and number.

    The format: https://wordnet.princeton.edu/documentation/wndb5wn. Each line of `data.*` is a
    set: number, file, type, how many words (hexadecimal), then word and sense in turn.

    Raises:
        SightGraphError: the folder lacks one of the files.
    """
    sets: dict[str, set[str]] = defaultdict(set)
    for part in PARTS:
        try:
            lines = (folder / f"data.{part}").read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise SightGraphError(
                f"'{folder}' lacks WordNet's file data.{part}. Install the Debian package "
                "wordnet-base and give /usr/share/wordnet."
            ) from error
        for line in lines:
            if line.startswith(" "):
                continue
            number, _, _, amount, *words = line.split("|", 1)[0].split()
            for word in words[: 2 * int(amount, 16) : 2]:
                sets[word.split("(")[0].replace("_", " ").lower()].add(f"{part}:{number}")
    return {word: frozenset(found) for word, found in sets.items()}

"""WordNet: what English nouns, verbs, adjectives and adverbs mean, and how they are related."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kg.english import identifier_words
from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.open_english_wordnet import (
    LABELS,
    RELATIONS,
    SYNSET_ID,
    BadEntryError,
    names_of_synset,
    read_open_english,
    relations_of_synset,
)
from kg.sources.text_files import name_of_relation, not_inherited, open_text

PRINCETON = "http://wordnet-rdf.princeton.edu/pwn"

POINTERS = {
    "@": "hypernym",
    "@i": "instance_hypernym",
    "%p": "mero_part",
    "#p": "holo_part",
    "%s": "mero_substance",
    "#s": "holo_substance",
    "%m": "mero_member",
    "#m": "holo_member",
    "!": "antonym",
    "*": "entails",
    ">": "causes",
    "&": "similar",
    "$": "similar",
    "+": "derivation",
    "^": "also",
    "=": "attribute",
    "\\": "pertainym",
    "<": "participle",
    ";c": "domain_topic",
    ";r": "domain_region",
    ";u": "exemplifies",
}
"""The pointer symbols of wninput(5WN), as the Global WordNet Formats name them."""

_MIRRORED = {"~", "~i", "-c", "-r", "-u"}
"""Pointers that are the inverse of a pointer at the other end."""
_PRINCETON_FILES = ("data.noun", "data.verb", "data.adj", "data.adv")
_VERSION = re.compile(r"WordNet (\d)\.(\d) Copyright")
_MARKER = re.compile(r"\((a|p|ip)\)$")
"""How an adjective may stand, written behind the word."""


def read_wordnet(path: Path, choice: Choice, report: ReadReport) -> Iterator[ImportedTriple]:
    """Read Princeton WordNet's database files or Open English WordNet's YAML.

    Princeton (wndb(5WN), https://wordnet.princeton.edu/documentation/wndb5wn): the folder with
    data.noun, data.verb, data.adj and data.adv. Open English WordNet
    (https://github.com/globalwordnet/english-wordnet): the folder with noun.*.yaml and
    entries-*.yaml, or a tar of it. A synset's first word is its name, the others are further
    names. What holds between two words is stated of their synsets.

    Of the Global WordNet Formats' own relations none is inherited by the kinds of a category.
    The senses of Open English WordNet, which its words refer to, are held in memory (0.1 GB).

    Raises:
        SightGraphError: there is no WordNet at `path`, or another language is asked for.
    """
    if choice.language != "en":
        raise SightGraphError(f"'{path}' is English, but '{choice.language}' is asked for.")
    described: set[str] = set()
    for statement in _statements(path, report):
        relation = statement.predicate
        if relation.startswith(RELATIONS) and relation not in described:
            described.add(relation)
            name = relation.removeprefix(RELATIONS)
            yield name_of_relation(relation, LABELS.get(name) or identifier_words(name))
            yield not_inherited(relation)
        yield statement


def _statements(path: Path, report: ReadReport) -> Iterator[ImportedTriple]:
    if path.is_dir() and any((path / name).is_file() for name in _PRINCETON_FILES):
        return _princeton(path, report)
    return read_open_english(path, report)


def _princeton(folder: Path, report: ReadReport) -> Iterator[ImportedTriple]:
    version, before = "30", 0
    for path in (folder / name for name in _PRINCETON_FILES):
        if not path.is_file():
            continue
        for number, line in open_text(path, report, before):
            if line.startswith("  "):  # the licence
                found = _VERSION.search(line)
                version = found[1] + found[2] if found else version
                continue
            try:
                yield from _princeton_synset(line, f"{PRINCETON}{version}/")
            except BadEntryError as error:
                report.skip(path, number, str(error))
        before += path.stat().st_size


def _princeton_synset(line: str, base: str) -> list[ImportedTriple]:
    """Return what a line states: offset, file, type, words, pointers, frames | gloss."""
    record, bar, gloss = line.partition(" | ")
    if not bar:
        raise BadEntryError("the gloss is missing: the line may be cut off")
    fields = record.split()
    try:
        offset, kind, count = fields[0], fields[2], int(fields[3], 16)
        words = [_MARKER.sub("", word).replace("_", " ") for word in fields[4 : 4 + 2 * count : 2]]
        first = 5 + 2 * count
        pointers = [
            fields[at : at + 3] for at in range(first, first + 4 * int(fields[first - 1]), 4)
        ]
        targets = [(POINTERS.get(symbol, symbol), f"{to}-{of}") for symbol, to, of in pointers]
    except (IndexError, ValueError) as error:
        raise BadEntryError("the words and pointers are not as counted") from error
    synset = f"{offset}-{'a' if kind == 's' else kind}"
    if not SYNSET_ID.fullmatch(synset) or len(words) != count:
        raise BadEntryError(f"'{line[:20]}' does not begin a synset")
    definition = gloss.partition('; "')[0].strip()
    return [
        *names_of_synset(base + synset, words, [definition]),
        *relations_of_synset(base, synset, (pair for pair in targets if pair[0] not in _MIRRORED)),
    ]

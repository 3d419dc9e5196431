"""Which concept each word of English denotes, from the synsets of Open English WordNet.

A synset denotes the concept that carries it (`data/kg/links.ttl`). One that no concept carries
denotes a concept by name, if one of its words is a concept's name and has no more usual sense. A
synset that denotes nothing has the concept of its hypernym: a fedora is a hat.
"""

from __future__ import annotations

import re
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml  # type: ignore[import-untyped]

from kg.english import normalise
from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from kg.sources.open_english_wordnet import OPEN_ENGLISH
from kg.word_senses import Sense

MAX_RANK = 2
"""Senses of one part of speech that are read, from 0: later ones are rare. Chosen on the
development cases of `evaluate linking`, as is the next one."""
MAX_KINDS = 40
"""A concept with more kinds below it says too little of a word that WordNet has under it."""
_SYNSETS = re.compile(r"(noun|verb|adj|adv)\.\w+\.yaml")
_ENTRIES = re.compile(r"entries-\w+\.yaml")
_MORE_GENERAL = ("hypernym", "similar")
"""From a noun or a verb to its kind, and from an adjective to the one that it resembles."""
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class WordNet:
    """Synsets by id, as their YAML has them, and the ids of each word's senses in their order."""

    synsets: Mapping[str, Mapping[str, Any]]
    words: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, file: Path) -> WordNet:
        """Read the archive of Open English WordNet's YAML.

        Raises:
            SightGraphError: it is missing, or is no WordNet.
        """
        synsets: dict[str, Mapping[str, Any]] = {}
        words: dict[str, list[str]] = {}
        try:
            with tarfile.open(file) as archive:
                for name, content in _files(archive):
                    if _SYNSETS.fullmatch(name):
                        synsets |= content
                    elif _ENTRIES.fullmatch(name):
                        for word, entry in content.items():
                            words.setdefault(word, []).extend(_senses(entry))
        except (OSError, tarfile.TarError, yaml.YAMLError, KeyError, AttributeError) as error:
            raise SightGraphError(f"'{file}' cannot be read as WordNet: {error!r}.") from error
        return cls(synsets, words)


def _files(archive: tarfile.TarFile) -> Iterator[tuple[str, dict[str, Any]]]:
    for member in archive:
        content = archive.extractfile(member)
        if content and member.name.endswith(".yaml"):
            yield PurePosixPath(member.name).name, yaml.load(content, _LOADER)


def _senses(entry: Mapping[str, Any]) -> list[str]:
    return [sense["synset"] for part in entry.values() for sense in part.get("sense", [])]


def word_senses(wordnet: WordNet, knowledge: Knowledge) -> dict[str, tuple[Sense, ...]]:
    """Return the senses of each word that is no name of a concept; single words have all a line."""
    denoted = Denoted(wordnet, knowledge)
    found: dict[str, tuple[Sense, ...]] = {}
    for word, synsets in wordnet.words.items():
        name = normalise(word)
        if not name or knowledge.named(name):
            continue
        senses = tuple(_denoting(denoted, synsets, is_name=word[0].isupper()))
        if senses or name.isalpha():
            found[name] = found.get(name, ()) + senses
    return found


def _denoting(denoted: Denoted, synsets: Sequence[str], is_name: bool) -> Iterator[Sense]:
    """Yield the senses that denote a concept; a proper name is no word for its kind."""
    parts: Counter[str] = Counter()
    for synset in synsets:
        rank, part = parts[synset[-1]], synset[-1]
        parts[part] += 1
        if rank > MAX_RANK:
            continue
        own = denoted(synset)
        yield from (Sense(one, rank, 0) for one in own)
        if not own and not is_name:
            for one in denoted.more_general(synset):
                yield Sense(one, rank, 1)


class Denoted:
    """The concepts that a synset denotes."""

    def __init__(self, wordnet: WordNet, knowledge: Knowledge) -> None:
        self.wordnet = wordnet
        self.knowledge = knowledge
        self.kinds: Counter[str] = Counter()
        self.carried: dict[str, list[str]] = {}
        for iri, concept in knowledge.concepts.items():
            self.kinds.update(knowledge.categories(iri))
            for one in concept.same:
                if one.startswith(OPEN_ENGLISH):
                    self.carried.setdefault(one.removeprefix(OPEN_ENGLISH), []).append(iri)
        self._carriers = {iri for found in self.carried.values() for iri in found}

    def __call__(self, synset: str) -> list[str]:
        """Return the concepts that carry a synset, or else one that is called as it is."""
        return self.carried.get(synset) or self._by_name(synset)

    def more_general(self, synset: str) -> list[str]:
        """Return the concepts of the hypernyms that are not too general."""
        entry = self.wordnet.synsets.get(synset, {})
        above: list[str] = next((ids for one in _MORE_GENERAL if (ids := entry.get(one))), [])
        found = [concept for one in above for concept in self(one)]
        return [one for one in dict.fromkeys(found) if self.kinds[one] <= MAX_KINDS]

    def _by_name(self, synset: str) -> list[str]:
        for word in self.wordnet.synsets.get(synset, {}).get("members", []):
            senses = [one for one in self.wordnet.words.get(word, []) if one[-1] == synset[-1]]
            named = self.knowledge.named(normalise(word)) if senses[:1] == [synset] else ()
            free = [iri for iri in named if iri not in self._carriers]
            if free:
                return free[:1]
        return []

"""Synonym sets from WordNet's database files (Debian's package `wordnet-base`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from pathlib import Path

from kg.english import morphy_nouns
from kg.errors import SightGraphError
from kg.sources import Choice, ImportedTriple, ReadReport
from kg.sources.wordnet import read_wordnet
from kg.vocabulary import ALIAS_IRI, IS_A_IRI, LABEL_IRI

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


DOWNWEIGHT = 0.1
"""What a likeness below the threshold is multiplied by."""
_NOUN_FILES = "noun.*.yaml"


@dataclass(slots=True)
class Nouns:
    """WordNet's nouns: the synsets of each word, and what each synset is a kind of.

    synsets: by word, lower case, with spaces. above: the synsets directly above a synset, by its
    kinds or as an instance.
    """

    synsets: Mapping[str, Sequence[str]]
    above: Mapping[str, Sequence[str]]
    _steps: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)
    _known_depths: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    _likeness: dict[tuple[str, str], float] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, path: Path) -> Nouns:
        """Read WordNet: its database files or YAML, as a folder or a tar.

        Raises:
            SightGraphError: there is no WordNet at `path`, or no noun in it.
        """
        synsets: dict[str, list[str]] = defaultdict(list)
        above: dict[str, list[str]] = defaultdict(list)
        for one in _statements(path):
            if not one.subject.endswith("-n"):
                continue
            if one.predicate in (LABEL_IRI, ALIAS_IRI):
                synsets[one.object.lower()].append(one.subject)
            elif one.predicate == IS_A_IRI:
                above[one.subject].append(one.object)
        if not synsets:
            raise SightGraphError(
                f"'{path}' holds no nouns. Give Open English WordNet's YAML (a folder or a tar) or "
                "the folder of WordNet's database files."
            )
        return cls(dict(synsets), dict(above))

    def senses(self, word: str) -> list[str]:
        """Return the synsets of a noun, those of its singular with them.

        >>> Nouns({"box": ["a"], "boxes": ["b"]}, {}).senses("boxes")
        ['b', 'a']
        """
        forms = morphy_nouns(word.replace("_", " ").lower())
        return list(dict.fromkeys(one for form in forms for one in self.synsets.get(form, ())))

    def likeness(self, first: str, second: str) -> float:
        """Return the best Wu-Palmer likeness of any two senses, in [0, 1]; 0 if one has none."""
        if first == second:
            return 1.0
        pair = (first, second) if first < second else (second, first)
        if pair not in self._likeness:
            others = self.senses(pair[1])
            self._likeness[pair] = max(
                (self.wu_palmer(one, other) for one in self.senses(pair[0]) for other in others),
                default=0.0,
            )
        return self._likeness[pair]

    def wu_palmer(self, first: str, second: str) -> float:
        """2 d(c) / (d(a) + d(b)), c the deepest synset above both (Wu & Palmer, ACL 1994).

        d counts nodes from the root: for c along the longest way up, for a and b along their
        shortest way to c and on from there. The deepest synset is the one whose shortest way up
        is longest. This is what NLTK, and with it the official script, computes.
        """
        ups, others = self._steps_up(first), self._steps_up(second)
        common = ups.keys() & others.keys()
        if not common:
            return 0.0
        deepest = max(self._depths(one)[0] for one in common)
        lowest = sorted(one for one in common if self._depths(one)[0] == deepest)
        meeting = next((one for one in (first, second) if one in lowest), lowest[0])
        depth = self._depths(meeting)[1] + 1
        return 2 * depth / (ups[meeting] + others[meeting] + 2 * depth)

    def _steps_up(self, synset: str) -> dict[str, int]:
        """Return all that is above a synset, and itself, with the fewest steps to it."""
        if synset not in self._steps:
            steps, level = {synset: 0}, [synset]
            while level:
                level = [up for one in level for up in self.above.get(one, ()) if up not in steps]
                steps |= dict.fromkeys(level, max(steps.values()) + 1)
            self._steps[synset] = steps
        return self._steps[synset]

    def _depths(self, synset: str) -> tuple[int, int]:
        """Return the steps of the shortest and of the longest way up to a root."""
        if synset not in self._known_depths:
            self._known_depths[synset] = 0, 0  # ends a circle, where a source has one
            ups = [self._depths(up) for up in self.above.get(synset, ())]
            if ups:
                shortest, longest = min(up[0] for up in ups), max(up[1] for up in ups)
                self._known_depths[synset] = shortest + 1, longest + 1
        return self._known_depths[synset]


def wups(nouns: Nouns, given: Iterable[str], right: Iterable[str], threshold: float) -> float:
    """Return min(Π_a max_t m(a, t), Π_t max_a m(a, t)) of two sets of answers, in [0, 1].

    m is the likeness of two words; below the `threshold` it counts a tenth.
    """
    answers, truths = set(given), set(right)
    if not answers or not truths:
        return float(answers == truths)

    def measure(first: str, second: str) -> float:
        likeness = nouns.likeness(first, second)
        return likeness if likeness >= threshold else DOWNWEIGHT * likeness

    forth = prod(max(measure(one, truth) for truth in truths) for one in answers)
    back = prod(max(measure(one, truth) for one in answers) for truth in truths)
    return min(forth, back)


def _statements(path: Path) -> Iterator[ImportedTriple]:
    """Yield what a WordNet says; of a folder of YAML only the files of nouns are read."""
    files = sorted(path.glob(_NOUN_FILES)) if path.is_dir() else []
    for file in files or [path]:
        yield from read_wordnet(file, Choice(), ReadReport())

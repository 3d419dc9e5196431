"""The graph that `knowledge.py` measures on, and sentences with its names.

The graph is ConceptNet, padded with a made-up power-law graph.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from kg.english import singular_forms
from kg.index.build import Quad
from kg.index.open import STRENGTHS
from kg.sources import Choice, ReadReport
from kg.sources.conceptnet import CONCEPTS, RELATIONS, read_conceptnet
from kg.vocabulary import IS_A_IRI, LABEL_IRI

MADE_UP = "http://example.org/"
MADE_UP_RELATIONS = 40
FACTS_PER_LABEL = 3
"""Nodes are padded to one for so many facts."""
CONCEPTNET_SHARE = 0.5
"""Of the facts, at most."""
SUBJECT_SKEW, OBJECT_SKEW, RELATION_SKEW = 0.5, 0.8, 1.0
"""Exponents of Zipf's law: the k-th of them is drawn in proportion to k^-skew."""
SINGLE_WORDS, TWO_WORDS = 0.35, 0.45
"""Share of the made-up labels; the rest has three words."""
ONSETS = "b br c ch cl d dr f fl g gr h j k l m n p pl pr qu r s sh sk st t th tr v w y z"
VOWELS = "a e i o u ai ea ee ie oo ou"
CODAS = "n r l m s t ck nd st ng rt ll"
OPEN_SYLLABLES = 8
"""Times that an empty coda stands among the codas."""
SYLLABLES = np.array([0.05, 0.4, 0.4, 0.15])
"""How likely a word has one, two, three or four."""

SENTENCES, MISSPELT, SHORTEST_MISSPELT = 400, 20, 6
FRAMES = (
    "I saw a {} near the {}.",
    "Why is the {} next to that {}?",
    "The {} belongs to a {} and nobody knew it",
    "{} or {}: which one do you like?",
)

Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Graph:
    """N nodes and E different facts, by number.

    labels, iris: of each node; no two alike. relations: their IRIs.
    subject, relation, object, strength [E]: the facts; strengths in hundredths.
    """

    labels: list[str]
    iris: list[str]
    relations: list[str]
    subject: Numbers
    relation: Numbers
    object: Numbers
    strength: Numbers

    def save(self, folder: Path) -> None:
        """Write it into `folder`, for `load`."""
        for name in ("labels", "iris", "relations"):
            (folder / f"{name}.txt").write_text("\n".join(getattr(self, name)), encoding="utf-8")
        facts = np.stack((self.subject, self.relation, self.object, self.strength))
        np.save(folder / "facts.npy", facts)

    @classmethod
    def load(cls, folder: Path) -> Graph:
        """Read what `save` wrote."""
        texts = (
            (folder / f"{name}.txt").read_text(encoding="utf-8").split("\n")
            for name in ("labels", "iris", "relations")
        )
        return cls(*texts, *np.load(folder / "facts.npy"))

    def facts(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield subject, relation, object and strength of each fact."""
        columns = (self.subject, self.relation, self.object, self.strength)
        for start in range(0, len(self.subject), 10_000):
            yield from zip(*(one[start : start + 10_000].tolist() for one in columns), strict=True)

    def quads(self) -> Iterator[Quad]:
        """Yield all names and facts, as `kg.index.build` reads them."""
        for iri, label in zip(self.iris, self.labels, strict=True):
            yield iri, LABEL_IRI, label, True, "benchmark", 1.0
        for subject, relation, object_, strength in self.facts():
            yield (
                self.iris[subject],
                self.relations[relation],
                self.iris[object_],
                False,
                "benchmark",
                strength / STRENGTHS,
            )


@dataclass(slots=True)
class _Numbered:
    """IRIs in the order of their numbers, with the facts between them."""

    labels: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, int] = field(default_factory=dict)
    relations: dict[str, int] = field(default_factory=dict)
    facts: dict[tuple[int, int, int], int] = field(default_factory=dict)


def make_graph(triples: int, conceptnet: Path | None = None, seed: int = 0) -> Graph:
    """Return a graph of `triples` different facts, always the same for the same arguments.

    conceptnet: its merged table (`kg.sources.conceptnet`); all is made up where it is None. The
    made-up facts are between all nodes, ConceptNet's too.
    """
    random = np.random.default_rng(seed)
    known = _Numbered()
    if conceptnet is not None:
        _read(conceptnet, known, round(CONCEPTNET_SHARE * triples))
    labels = [known.labels[iri] for iri in known.nodes]
    missing = max(triples // FACTS_PER_LABEL - len(labels), 0)
    made_up = _labels(missing, set(labels), random)
    iris = [*known.nodes, *(f"{MADE_UP}c/{label.replace(' ', '_')}" for label in made_up)]
    named = islice(_words(random), MADE_UP_RELATIONS)
    relations = [*known.relations, *(f"{MADE_UP}r/{word}_of" for word in named)]
    given = np.array([(*fact, known.facts[fact]) for fact in known.facts], np.int64).reshape(-1, 4)
    facts = _padded(given, triples, len(iris), len(known.relations), random).astype(np.int32)
    return Graph([*labels, *made_up], iris, relations, *np.ascontiguousarray(facts.T))


def _read(path: Path, known: _Numbered, most: int) -> None:
    """Read at most `most` facts of ConceptNet."""
    for one in read_conceptnet(path, Choice(), ReadReport()):
        if len(known.facts) == most:
            break
        if one.predicate == LABEL_IRI and one.subject.startswith(CONCEPTS):
            known.labels[one.subject] = one.object
        elif one.object.startswith(CONCEPTS) and one.predicate.startswith((RELATIONS, IS_A_IRI)):
            fact = (
                known.nodes.setdefault(one.subject, len(known.nodes)),
                known.relations.setdefault(one.predicate, len(known.relations)),
                known.nodes.setdefault(one.object, len(known.nodes)),
            )
            known.facts.setdefault(fact, round(one.strength * STRENGTHS))


def _padded(
    given: NDArray[np.int64], triples: int, nodes: int, first: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Return `given` and as many made-up facts [triples, 4] as it lacks, none of them twice.

    first: the number of the first made-up relation.
    """
    popularity = random.permutation(nodes)
    facts = given
    while len(facts) < triples:
        count = (triples - len(facts)) * 5 // 4 + 100
        subject = popularity[_zipf(nodes, SUBJECT_SKEW, count, random)]
        object_ = popularity[_zipf(nodes, OBJECT_SKEW, count, random)]
        relation = first + _zipf(MADE_UP_RELATIONS, RELATION_SKEW, count, random)
        strength = random.integers(1, STRENGTHS, count)
        more = np.stack((subject, relation, object_, strength), 1)
        facts = np.concatenate((facts, more[subject != object_]))
        key = (facts[:, 0] << 40) | (facts[:, 2] << 12) | facts[:, 1]
        facts = facts[np.sort(np.unique(key, return_index=True)[1])]
    return facts[:triples]


def _zipf(size: int, skew: float, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw `count` of the numbers below `size`, the k-th with a chance in proportion to k^-skew."""
    up_to = np.cumsum(np.arange(1, size + 1) ** -skew)
    return np.searchsorted(up_to, random.random(count) * up_to[-1])


def _labels(count: int, taken: set[str], random: np.random.Generator) -> list[str]:
    """Return `count` labels of one to three pseudo-words, none of them in `taken`."""
    single = round(SINGLE_WORDS * count)
    words = list(islice((word for word in _words(random) if word not in taken), single))
    found = dict.fromkeys(words)
    while len(found) < count:
        several = random.integers(0, len(words), (count - len(found), 3)).tolist()
        two = random.random(len(several)) < TWO_WORDS / (1 - SINGLE_WORDS)
        for numbers, short in zip(several, two.tolist(), strict=True):
            label = " ".join(words[number] for number in numbers[: 2 if short else 3])
            if label not in taken:
                found[label] = None
    return list(found)


def _words(random: np.random.Generator) -> Iterator[str]:
    """Yield pseudo-words without end, no two alike."""
    seen: set[str] = set()
    onsets, vowels, codas = ONSETS.split(), VOWELS.split(), CODAS.split() + [""] * OPEN_SYLLABLES
    while True:
        lengths = random.choice(len(SYLLABLES), 10_000, p=SYLLABLES) + 1
        parts = [random.integers(0, len(each), (10_000, 4)) for each in (onsets, vowels, codas)]
        for length, *word in zip(lengths.tolist(), *(part.tolist() for part in parts), strict=True):
            syllables = list(zip(*word, strict=True))[:length]
            written = "".join(onsets[a] + vowels[b] + codas[c] for a, b, c in syllables)
            if written not in seen:
                seen.add(written)
                yield written


def make_sentences(random: Random, graph: Graph) -> list[list[tuple[str]]]:
    """Return sentences of two labels, of any node and by degree."""
    ends = np.concatenate((graph.subject, graph.object))
    frames = [FRAMES[number % len(FRAMES)] for number in range(SENTENCES // 2)]
    draws: tuple[Callable[[], str], ...] = (
        lambda: random.choice(graph.labels),
        lambda: graph.labels[ends[random.randrange(len(ends))]],
    )
    return [[(frame.format(label(), label()),) for frame in frames] for label in draws]


def misspelt_names(random: Random, names: Sequence[str], known: Container[str]) -> list[str]:
    """Return names of one word with two letters exchanged, or one missing, doubled or another."""
    found: list[str] = []
    while len(found) < MISSPELT:
        name = random.choice(names)
        if not (name.isalpha() and name.isascii() and len(name) >= SHORTEST_MISSPELT):
            continue
        at = random.randrange(1, len(name) - 1)
        swapped = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        other = random.choice("abcdefghijklmnopqrstuvwxyz")
        word = random.choice(
            (
                swapped,
                name[:at] + name[at + 1 :],
                name[:at] + name[at] + name[at:],
                name[:at] + other + name[at + 1 :],
            )
        )
        if not any(form in known for form in (word, *singular_forms(word))):
            found.append(word)
    return found

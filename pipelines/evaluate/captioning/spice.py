"""SPICE: how far the scene graph of a caption agrees with those of people's captions.

Anderson et al., ECCV 2016. The official code parses captions with Stanford CoreNLP, whose models no
package holds; here a reader of ours does. All that follows the parsing is as in the official code,
with the same synonyms: those of WordNet 3.0 that METEOR keeps (Denkowski & Lavie, WMT 2014), which
pycocoevalcap holds in a jar.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import TypeAlias
from zipfile import ZipFile

from kg.english import singulars
from kg.errors import SightGraphError
from pipelines.reading.triples import IS, Triple, canonical

Reader = Callable[[str], Sequence[Triple]]
"""Reads a caption into triples; the registry `pipelines.reading.captions.READERS` has some."""
Synsets: TypeAlias = Callable[[str], Collection[int]]
"""Returns the numbers of the synonym sets that a word belongs to."""

_JAR = "spice/lib/Meteor-1.5.jar"
_ENDINGS = (
    ("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
    ("men", "man"), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"),
    ("ing", ""), ("er", ""), ("est", ""), ("er", "e"), ("est", "e"),
)  # fmt: skip
"""WordNet's rules of detachment for nouns, verbs and adjectives, in METEOR's order
(https://wordnet.princeton.edu/documentation/morphy7wn)."""


class WordNetSynsets:
    """The synonym sets of a word and of its base forms."""

    def __init__(
        self, synsets: Mapping[str, frozenset[int]], bases: Mapping[str, list[str]]
    ) -> None:
        self.synsets, self.bases = synsets, bases

    @classmethod
    def official(cls) -> WordNetSynsets:
        """Read those that the official code has.

        Raises:
            SightGraphError: pycocoevalcap is not installed.
        """
        try:
            content = (files("pycocoevalcap") / _JAR).read_bytes()
        except (ModuleNotFoundError, OSError) as error:
            raise SightGraphError(
                "SPICE takes its synonyms from pycocoevalcap. Install: pip install "
                "'sightgraph[scores]'"
            ) from error
        with ZipFile(BytesIO(content)) as jar:
            words, exceptions = (
                jar.read(f"synonym/english.{name}").decode().splitlines()
                for name in ("synsets", "exceptions")
            )
        synsets = {
            word: frozenset(map(int, numbers.split()))
            for word, numbers in zip(words[::2], words[1::2], strict=True)
        }
        bases: dict[str, list[str]] = {}
        for base, forms in zip(exceptions[::2], exceptions[1::2], strict=True):
            for form in forms.split():
                bases.setdefault(form, []).append(base)
        return cls(synsets, bases)

    def __call__(self, word: str) -> frozenset[int]:
        """Return the sets of a word or phrase, and those of its base forms."""
        name = word.strip().lower().replace(" ", "_")
        bases = self.bases.get(name) or [self._base(name)]
        return self._of(name).union(*map(self._of, bases))

    def _of(self, name: str) -> frozenset[int]:
        return self.synsets.get(name, frozenset())

    def _base(self, name: str) -> str:
        """Return what is left of a word without its ending, if WordNet has it."""
        if name.endswith("ss") or len(name) <= 2:
            return name
        for ending, other in _ENDINGS:
            if name.endswith(ending) and (base := name[: -len(ending)] + other) in self.synsets:
                return base
        return ""


def spice(
    written: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    reader: Reader,
    synsets: Synsets,
) -> float:
    """Return the mean of `spice_f1` over photographs, with the triples that `reader` reads.

    Plurals equal their singular, and predicates of one meaning each other ("riding", "rides").
    """
    scores = []
    for photo, text in written.items():
        mine = reader(text)
        theirs = [triple for reference in references[photo] for triple in reader(reference)]
        words = {word for s, _, o in (*mine, *theirs) for word in (s, o)}
        scores.append(spice_f1(_one_form(mine, words), _one_form(theirs, words), synsets))
    return sum(scores) / len(scores)


def spice_f1(mine: Iterable[Triple], theirs: Iterable[Triple], synsets: Synsets) -> float:
    """Return F1 = 2 |M| / (|T(c)| + |T(S)|) of the tuples of two scene graphs (eqs. 2 to 4).

    T are the tuples (object), (object, attribute) and (subject, predicate, object); theirs are of
    all references together. M are those of mine that one of theirs is like: each word is the same,
    or shares a synonym set. Two graphs without tuples score 0.
    """
    one, other = _Graph(mine, synsets).tuples(), _Graph(theirs, synsets).tuples()
    matched = sum(any(_alike(mine, theirs) for theirs in other) for mine in one)
    return 2 * matched / (len(one) + len(other)) if matched else 0.0


@dataclass(slots=True, eq=False)
class _Concept:
    """Words of one meaning, with all their synonym sets."""

    words: set[str]
    synsets: set[int]

    def is_like(self, other: _Concept) -> bool:
        return not (self.words.isdisjoint(other.words) and self.synsets.isdisjoint(other.synsets))

    def likeness(self, other: _Concept) -> float:
        """Return 1 for a common word, else the share of synonym sets that both have."""
        if not self.words.isdisjoint(other.words):
            return 1.0
        return len(self.synsets & other.synsets) / max(len(self.synsets | other.synsets), 1)

    def merge(self, other: _Concept) -> None:
        self.words |= other.words
        self.synsets |= other.synsets


_Tuple = tuple[_Concept, ...]


class _Graph:
    """A scene graph in which synonyms are one object, attribute or relation."""

    def __init__(self, triples: Iterable[Triple], synsets: Synsets) -> None:
        self.synsets = synsets
        self.objects: list[_Concept] = []
        self.attributes: list[tuple[_Concept, _Concept]] = []
        self.relations: list[_Tuple] = []
        for subject, predicate, target in triples:
            if predicate == IS:
                self._add_attribute(self._object(subject), self._concept(target))
            else:
                source, other = self._object(subject), self._object(target)
                self._add_relation(source, self._concept(predicate.removeprefix("be ")), other)

    def tuples(self) -> list[_Tuple]:
        return [*((one,) for one in self.objects), *self.attributes, *self.relations]

    def _concept(self, word: str) -> _Concept:
        return _Concept({word}, set(self.synsets(word)))

    def _object(self, word: str) -> _Concept:
        """Return the object most like `word`, which becomes one of its words, or a new one."""
        new = self._concept(word)
        best = max(self.objects, key=new.likeness, default=new)
        if best is new or not new.likeness(best):
            self.objects.append(new)
            return new
        best.merge(new)
        return best

    def _add_attribute(self, owner: _Concept, new: _Concept) -> None:
        for other, one in self.attributes:
            if other is owner and one.is_like(new):
                one.merge(new)
                return
        self.attributes.append((owner, new))

    def _add_relation(self, source: _Concept, new: _Concept, target: _Concept) -> None:
        for first, one, second in self.relations:
            if first is source and second is target and one.is_like(new):
                one.merge(new)
                return
        self.relations.append((source, new, target))


def _alike(mine: _Tuple, theirs: _Tuple) -> bool:
    return len(mine) == len(theirs) and all(
        one.is_like(other) for one, other in zip(mine, theirs, strict=True)
    )


def _one_form(triples: Sequence[Triple], words: Collection[str]) -> list[Triple]:
    """Write plurals as their singular, if `words` has it, and predicates in their one form."""
    found = []
    for subject, predicate, target in triples:
        one, other = _singular(subject, words), _singular(target, words)
        if predicate == IS:
            found.append((one, IS, target))
            continue
        form = canonical(predicate)
        found.append((other, form.text, one) if form.exchanged else (one, form.text, other))
    return found


def _singular(name: str, words: Collection[str]) -> str:
    head, space, last = name.rpartition(" ")
    return next(
        (one for form in sorted(singulars(last)) if (one := head + space + form) in words), name
    )

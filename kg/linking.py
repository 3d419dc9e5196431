"""Links a label or a word to the concepts that it may denote, if any."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Protocol

from kg.english import base_forms, normalise
from kg.knowledge.facts import KnowledgeGraph

EXACT, ALIAS, INFLECTED, TYPO, HEAD, SIMILAR = 1.0, 0.95, 0.95, 0.9, 0.65, 0.95
"""Scores by how a name was matched."""
PARTLY = 0.8
"""Score of a concept whose longer name contains the whole name."""
MIN_BEFORE_HEAD, MIN_AFTER_HEAD = 0.75, 0.7
"""Minimum cosine of two names with the same meaning, tested before or after the head word."""
SHORTEST_TYPO = 4
"""Shorter words are too similar to other words to be corrected."""
MAX_CORRECTIONS = 3
CONTEXT = 1.0
"""Weight of the difference in gloss similarity (cosine) when choosing between meanings."""
_AFTER_HEAD = re.compile(
    r"\s(?:of|in|on|at|with|without|from|to|by|near|for|under|over|behind|beside|and|that|which|"
    r"\w+ing(?=\s(?:on|in|at|with|against|under|a|the|its)))\s.*$"
)


@dataclass(frozen=True, slots=True)
class LinkCandidate:
    """One concept that a name may denote.

    score: probability that the name denotes it, in [0, 1].
    how: "label", "alias", "lemma", "partly" (a longer name has it), "typo", "head" (only the main
        word of the name is known) or "similar" (a name near in meaning is known).
    """

    concept: str
    label: str
    score: float
    how: str


class Meanings(Protocol):
    """Compares names by meaning; `graph_fusion.meaning` does."""

    def nearest(self, name: str, most: int = 5) -> Sequence[tuple[str, float]]:
        """Return the concepts with the names nearest to `name`, and how near, best first."""
        ...

    def fits(self, concepts: Sequence[str], context: Sequence[str]) -> Sequence[float]:
        """Return how near each of `concepts` is to the words of `context`."""
        ...


class Linker:
    """Links names to the concepts of `knowledge`.

    meanings: finds similar names and ranks by context; without it both steps are skipped.
    words: real words, which are never corrected.

    >>> from kg.knowledge.memory import Knowledge
    >>> linker = Linker(Knowledge.bundled())
    >>> linker.link("motorbikes")[0].label
    'motorcycle'
    >>> linker.link("motorcylce")[0].how
    'typo'
    >>> linker.link("qwertyuiop")
    []
    """

    def __init__(
        self,
        knowledge: KnowledgeGraph,
        meanings: Meanings | None = None,
        words: Collection[str] = frozenset(),
    ) -> None:
        self.knowledge = knowledge
        self.meanings = meanings
        self.words = words

    def link(
        self,
        name: str,
        lemma: str | None = None,
        head: bool = False,
        context: Sequence[str] = (),
    ) -> list[LinkCandidate]:
        """Return the concepts that `name` may mean, best first; [] (NIL) when none fits.

        lemma: the dictionary form of `name`, where the parser knows it.
        head: let "mountain bike" fall back on "bike" when the whole name is unknown.
        context: other words of the question, labels of other objects; they decide between
            meanings.
        """
        whole = normalise(name)
        if not whole:
            return []
        found = self._whole(whole, lemma)
        if found and context and self.meanings is not None:
            found = _once([*found, *self._partly(whole)])
        found = found or self._misspelt(whole) or self._similar(whole, MIN_BEFORE_HEAD)
        if not found and head:
            found = self._head(whole)
        found = found or self._similar(whole, MIN_AFTER_HEAD)
        return self._in_context(found, context)

    def best(
        self,
        name: str,
        lemma: str | None = None,
        head: bool = False,
        context: Sequence[str] = (),
    ) -> list[LinkCandidate]:
        """Return the candidates that share the best score: several where a name is ambiguous."""
        found = self.link(name, lemma, head, context)
        return [one for one in found if one.score == found[0].score]

    def knows(self, name: str) -> bool:
        """Whether `name` or an inflected form of it is the name of a concept."""
        return bool(self._whole(normalise(name)))

    def _whole(self, whole: str, lemma: str | None = None) -> list[LinkCandidate]:
        forms = ([normalise(lemma)] if lemma else []) + base_forms(whole)
        found = self._matches(whole, EXACT, "label")
        for form in forms:
            found += self._matches(form, INFLECTED, "lemma")
        return _once(found)

    def _misspelt(self, whole: str) -> list[LinkCandidate]:
        """Correct unknown words; at most two of them."""
        choices = [self._corrected(word) for word in whole.split()]
        if not 0 < sum(len(choice) != 1 for choice in choices) <= 2:
            return []
        for words in product(*choices):
            if found := self._whole(" ".join(words)):
                return [replace(one, score=TYPO * one.score, how="typo") for one in found]
        return []

    def _corrected(self, word: str) -> list[str]:
        """Return `word` and, if it is unknown, its possible corrections."""
        if len(word) < SHORTEST_TYPO or word in self.words:
            return [word]
        return [word, *self.knowledge.corrections(word)[:MAX_CORRECTIONS]]

    def _head(self, whole: str) -> list[LinkCandidate]:
        """Link the longest part of a phrase that is known: "red fire hydrant on a street"."""
        words = _AFTER_HEAD.sub("", whole).split()
        starts = range(0 if len(words) < whole.count(" ") + 1 else 1, len(words))
        for start in starts:
            part = " ".join(words[start:])
            if found := self._whole(part):
                return [replace(one, score=HEAD * one.score, how="head") for one in found]
        return []

    def _partly(self, whole: str) -> list[LinkCandidate]:
        """Return the concepts with a longer name that contains `whole`."""
        return [
            LinkCandidate(iri, self.knowledge.label(iri), PARTLY, "partly")
            for iri in self.knowledge.named_with(whole)
        ]

    def _similar(self, whole: str, min_cosine: float) -> list[LinkCandidate]:
        if self.meanings is None:
            return []
        return [
            LinkCandidate(iri, self.knowledge.label(iri), SIMILAR * cosine, "similar")
            for iri, cosine in self.meanings.nearest(whole)
            if cosine >= min_cosine
        ]

    def _in_context(
        self, found: list[LinkCandidate], context: Sequence[str]
    ) -> list[LinkCandidate]:
        if self.meanings is not None and context and len(found) > 1:
            fits = self.meanings.fits([one.concept for one in found], context)
            best = max(fits)
            found = [
                replace(one, score=max(one.score - CONTEXT * (best - fit), 0.0))
                for one, fit in zip(found, fits, strict=True)
            ]
        return sorted(found, key=lambda one: (-one.score, one.concept))

    def _matches(self, form: str, score: float, how: str) -> list[LinkCandidate]:
        found = []
        for iri in self.knowledge.named(form):
            label = self.knowledge.label(iri)
            alias = normalise(label) != form
            name_score = score * ALIAS if alias else score
            found.append(
                LinkCandidate(iri, label, name_score, "alias" if alias and how == "label" else how)
            )
        return found


def _once(found: Iterable[LinkCandidate]) -> list[LinkCandidate]:
    """Keep each concept's first candidate."""
    return list({one.concept: one for one in reversed(list(found))}.values())[::-1]

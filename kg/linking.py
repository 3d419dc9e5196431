"""Links a label or a word to the concepts that it may denote, if any."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Protocol

from kg.english import base_forms, normalise, singular_forms
from kg.knowledge.facts import KnowledgeGraph
from kg.word_senses import WordSenses

EXACT, ALIAS, INFLECTED, TYPO, HEAD, SIMILAR = 1.0, 0.95, 0.95, 0.9, 0.65, 0.95
"""Scores by how a name was matched."""
PARTLY = 0.9
"""Score of a concept whose longer name has the whole name as its main word."""
SAME_SENSE, NARROWER_SENSE, RANK_COST = 0.9, 0.85, 0.05
"""Scores of a concept with the synset of a word's sense, or with the next more general one, and
what each more usual sense of the word takes from them."""
MIN_BEFORE_HEAD, MIN_AFTER_HEAD = 0.75, 0.7
"""Minimum cosine of two names with the same meaning, tested before or after the head word."""
SHORTEST_TYPO = 4
"""Shorter words are too similar to other words to be corrected."""
MAX_CORRECTIONS = 3
CONTEXT = 1.0
"""Weight of the difference in gloss similarity (cosine) when choosing between meanings."""
_PREPOSITION = re.compile(r"\s(?:of|in|on|at|with|for|from|to|by)\s")
_AFTER_HEAD = re.compile(
    r"\s(?:of|in|on|at|with|without|from|to|by|near|for|under|over|behind|beside|and|that|which|"
    r"\w+ing(?=\s(?:on|in|at|with|against|under|a|the|its)))\s.*$"
)


@dataclass(frozen=True, slots=True)
class LinkCandidate:
    """One concept that a name may denote.

    score: probability that the name denotes it, in [0, 1].
    how: "label", "alias", "lemma", "partly" (the main word of a longer name), "sense" (WordNet's
        word for it, or for something narrower), "typo", "head" (only the main word of the name is
        known) or "similar" (a name near in meaning is known).
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
    senses: what words denote that no concept has as a name.

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
        senses: WordSenses | None = None,
    ) -> None:
        self.knowledge = knowledge
        self.meanings = meanings
        self.words = words
        self.senses = senses

    def of(self, knowledge: KnowledgeGraph) -> Linker:
        """Return the same linker for other knowledge, such as edited one."""
        return Linker(knowledge, self.meanings, self.words, self.senses)

    @property
    def by_name(self) -> Linker:
        """The same linker, without nearness in meaning."""
        return Linker(self.knowledge, None, self.words, self.senses)

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
            found = _once([*found, *self._partly(whole, {one.concept for one in found})])
        found = found or self._by_sense(whole) or self._misspelt(whole)
        found = found or self._similar(whole, MIN_BEFORE_HEAD)
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
        forms = (*([normalise(lemma)] if lemma else []), *base_forms(whole))
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
        if len(word) < SHORTEST_TYPO or self._is_real(word):
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

    def _partly(self, whole: str, exact: Collection[str]) -> list[LinkCandidate]:
        """Return the concepts with a longer name whose main word is `whole`.

        The kinds of what has this very name are left out: "fuel" names no diesel fuel.
        """
        return [
            LinkCandidate(iri, self.knowledge.label(iri), PARTLY, "partly")
            for iri in dict.fromkeys(self.knowledge.named_with(whole))
            if self._has_main_word(iri, whole, exact)
        ]

    def _has_main_word(self, iri: str, word: str, exact: Collection[str]) -> bool:
        """Whether a name of a concept ends with `word`, or says after it what kind of thing it is.

        "Drinking glass", "sheet of paper" and "orange colour", but not "bike helmet".
        """
        concept, kinds = self.knowledge.concept(iri), self.knowledge.categories(iri)
        if concept is None or not set(kinds).isdisjoint(exact):
            return False
        labels = {normalise(self.knowledge.label(one)) for one in kinds}
        for name in map(normalise, (concept.label, *concept.aliases)):
            rest = name.removeprefix(f"{word} ")
            if name.endswith(f" {word}") or (rest != name and rest in labels):
                return True
            if rest != name and _PREPOSITION.match(f" {rest}"):
                return True
        return False

    def _by_sense(self, whole: str) -> list[LinkCandidate]:
        """Return the concepts that the senses of a word denote, by WordNet."""
        if self.senses is None:
            return []
        best: dict[str, float] = {}
        for one in self.senses.of([whole, *base_forms(whole)]):
            score = (NARROWER_SENSE if one.steps else SAME_SENSE) - RANK_COST * one.rank
            if self.knowledge.concept(one.concept) is not None:
                best[one.concept] = max(score, best.get(one.concept, 0.0))
        return [
            LinkCandidate(iri, self.knowledge.label(iri), score, "sense")
            for iri, score in best.items()
        ]

    def _is_real(self, word: str) -> bool:
        if word in self.words:
            return True
        return self.senses is not None and any(
            form in self.senses for form in (word, *singular_forms(word))
        )

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

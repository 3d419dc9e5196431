"""From a label or a word to the concepts that it may mean, or to nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

from kg.knowledge import Knowledge

EXACT, ALIAS, INFLECTED, HEAD = 1.0, 0.95, 0.9, 0.6
"""Scores by the way in which a name was matched."""

_ARTICLES = re.compile(r"^(?:the|a|an|this|that|these|those|some|any|its|their|his|her)\s+")
_NOT_A_NAME = re.compile(r"[^\w\s'-]+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One concept that a name may mean.

    score: how well the name fits, in [0, 1].
    how: "label", "alias", "lemma" or "head" (only the last word of the name is known).
    """

    concept: str
    label: str
    score: float
    how: str


class Linker:
    """Links names to the concepts of `knowledge`.

    >>> linker = Linker(Knowledge.bundled())
    >>> linker.link("motorbikes")[0].label
    'motorcycle'
    >>> linker.link("qwertyuiop")
    []
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self._labels: dict[str, list[str]] = defaultdict(list)
        self._aliases: dict[str, list[str]] = defaultdict(list)
        for concept in knowledge.concepts.values():
            self._labels[normalise(concept.label)].append(concept.iri)
            for alias in concept.aliases:
                self._aliases[normalise(alias)].append(concept.iri)

    def link(self, name: str, lemma: str | None = None, head: bool = False) -> list[Candidate]:
        """Return the concepts that `name` may mean, best first; [] (NIL) when none fits.

        lemma: the dictionary form of `name`, where the parser knows it.
        head: let "mountain bike" fall back on "bike" when the whole name is unknown.
        """
        whole = normalise(name)
        if not whole:
            return []
        found = self._matches(whole, EXACT, "label")
        forms = ([normalise(lemma)] if lemma else []) + singular_forms(whole)
        for form in forms:
            for candidate in self._matches(form, INFLECTED, "lemma"):
                if candidate.concept not in {one.concept for one in found}:
                    found.append(candidate)
        if not found and head and " " in whole:
            last = whole.rsplit(" ", 1)[1]
            return [
                Candidate(one.concept, one.label, HEAD * one.score, "head")
                for one in self.link(last)
            ]
        return sorted(found, key=lambda one: (-one.score, one.concept))

    def best(self, name: str, lemma: str | None = None, head: bool = False) -> list[Candidate]:
        """Return the candidates that share the best score: several where a name is ambiguous."""
        found = self.link(name, lemma, head)
        return [one for one in found if one.score == found[0].score]

    def _matches(self, form: str, score: float, how: str) -> list[Candidate]:
        found = [self._candidate(iri, score, how) for iri in self._labels.get(form, [])]
        how = "alias" if how == "label" else how
        for iri in self._aliases.get(form, []):
            if iri not in {one.concept for one in found}:
                found.append(self._candidate(iri, score * ALIAS, how))
        return found

    def _candidate(self, iri: str, score: float, how: str) -> Candidate:
        return Candidate(iri, self.knowledge.label(iri), score, how)


def normalise(name: str) -> str:
    """Return `name` in lower case, without article, punctuation and doubled spaces."""
    plain = " ".join(_NOT_A_NAME.sub(" ", name.lower().replace("_", " ")).split())
    return _ARTICLES.sub("", plain)


def singular_forms(name: str) -> list[str]:
    """Return what `name` may be the plural of, likeliest first: 'knives' -> 'knife', 'knive'."""
    forms = []
    for ending, replacement in (
        ("ies", "y"),
        ("ves", "fe"),
        ("ves", "f"),
        ("men", "man"),
        ("oes", "o"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("xes", "x"),
        ("ses", "s"),
        ("s", ""),
    ):
        if name.endswith(ending) and len(name) > len(ending) + 1 and not name.endswith("ss"):
            forms.append(name[: -len(ending)] + replacement)
    return forms

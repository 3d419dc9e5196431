"""From a label or a word to the concepts that it may mean, or to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from kg.facts import KnowledgeGraph
from kg.names import normalise, singular_forms

EXACT, ALIAS, INFLECTED, HEAD = 1.0, 0.95, 0.9, 0.6
"""Scores by the way in which a name was matched."""


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

    >>> from kg.knowledge import Knowledge
    >>> linker = Linker(Knowledge.bundled())
    >>> linker.link("motorbikes")[0].label
    'motorcycle'
    >>> linker.link("qwertyuiop")
    []
    """

    def __init__(self, knowledge: KnowledgeGraph) -> None:
        self.knowledge = knowledge

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
        found = []
        for iri in self.knowledge.named(form):
            label = self.knowledge.label(iri)
            alias = normalise(label) != form
            found.append(
                Candidate(
                    iri,
                    label,
                    score * ALIAS if alias else score,
                    "alias" if alias and how == "label" else how,
                )
            )
        return found

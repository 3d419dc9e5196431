"""Which relation a question asks for: the one that has the likest wording."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache, cached_property

import torch
from torch import Tensor

from graph_fusion.encoders import TextEncoder
from graph_fusion.encoders.text import encode_once
from kg.vocabulary import RelationType
from pipelines.reading.wordings import Wordings, grouped, nested

MARGIN = 0.02
"""A relation may be asked for too if its cosine is below the best by at most this: set by hand."""
LONGEST = 8
"""Words of a part of a question that describes something."""


@cache
def usual_wordings(label: str) -> Wordings:
    """Return questions, with "it" for the subject, that people ask for relations of this label.

    >>> [one for one in usual_wordings("made of") if "stuff" in one][:1]
    ['what stuff is it made from']
    """
    typed = list(grouped("typed", "facts").get(label, ()))
    for narrower in nested("typed", "facts_typed").get(label, {}).values():
        typed += narrower
    about_it = [one.replace("{s}", "it") for one in typed]
    return tuple(dict.fromkeys((*grouped("asks", "more").get(label, ()), *about_it)))


class RelationMatcher:
    """Compares questions with the wordings of relations, by the cosines of sentence vectors.

    A relation is asked for by its label, in the wordings that it declares (`sgo:asks`), and as
    people ask for relations of that label (`data/wordings`). The wordings are encoded once on a
    machine.

    relations: by IRI.
    """

    def __init__(self, relations: Mapping[str, RelationType], encoder: TextEncoder) -> None:
        self.relations = relations
        self.encoder = encoder

    def declared(self, relation: str) -> Wordings:
        """Return the label of a relation, and the wordings that it declares."""
        known = self.relations[relation]
        return (known.label, *known.asks)

    def scores(self, question: str, relations: Collection[str]) -> dict[str, float]:
        """Return for each of `relations` the cosine of its likest wording with the question.

        question: in lower case, with "it" for the subject.
        """
        vector = self.encoder([question])
        return {one: float(self._likeness(vector, one)) for one in sorted(relations)}

    def likest(self, question: str, relations: Collection[str]) -> set[str]:
        """Return those of `relations` that a question may ask for, if it asks for any of them."""
        scores = self.scores(question, relations)
        return {one for one, score in scores.items() if score >= max(scores.values()) - MARGIN}

    def scores_of_two(
        self, question: str, pairs: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], float]:
        """Return how like a question is to two relations in a row.

        A part of the question that describes something by the first ("the stuff it is made of") is
        replaced by "it", and what is left asks for the second ("where does it come from"). The
        best part counts, by the mean of both cosines.
        """
        parts = _descriptions(question)
        if not parts or not pairs:
            return {}
        described = self.encoder([part for _, part in parts])
        asked = self.encoder([rest for rest, _ in parts])
        first = {one: self._likeness(described, one) for one in sorted({one for one, _ in pairs})}
        second = {one: self._likeness(asked, one) for one in sorted({one for _, one in pairs})}
        return {pair: float((first[pair[0]] + second[pair[1]]).max()) / 2 for pair in sorted(pairs)}

    def _likeness(self, vectors: Tensor, relation: str) -> Tensor:
        """Return the cosine of the likest wording of `relation` with each of [T, D]: [T]."""
        return (vectors @ self._vectors[relation].T).amax(dim=1)

    @cached_property
    def _vectors(self) -> dict[str, Tensor]:
        """The wordings of each relation as vectors [wordings, D]."""
        wordings = {
            iri: tuple(dict.fromkeys((*self.declared(iri), *usual_wordings(known.label))))
            for iri, known in self.relations.items()
        }
        texts = [one for of_relation in wordings.values() for one in of_relation]
        parts = torch.split(encode_once(texts, self.encoder), [len(w) for w in wordings.values()])
        return dict(zip(wordings, parts, strict=True))


def _descriptions(question: str) -> list[tuple[str, str]]:
    """Return the parts of a question with "it" in them, each with "it" in its place, and alone.

    >>> _descriptions("where does the stuff in it grow")[2]
    ('where does it grow', 'the stuff in it')
    """
    words = question.split()
    return [
        (" ".join((*words[:start], "it", *words[end:])), " ".join(words[start:end]))
        for start in range(1, len(words))
        for end in range(start + 2, min(start + LONGEST, len(words)) + 1)
        if "it" in words[start:end]
    ]

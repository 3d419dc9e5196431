"""One generated question, and whether training may see it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

HELD_OUT_CONCEPTS = 0.12
HELD_OUT_WORDINGS = 0.1
"""Shares that training never sees: concepts as subjects, and wordings."""


@dataclass(frozen=True, slots=True)
class Question:
    """A generated question.

    answers: ids of nodes that answer it; counted: ids of the objects to count; yes: for
    yes/no questions, None for the others. answerable: False where the graph does not say.
    path: (source, target) of the edges on the way, besides those that start at words.
    kind: the template family; subject: the concept asked about; wording: the template.
    fact: (subject, relation label) whose objects are asked for, for fact and yes/no questions.
    """

    text: str
    kind: str
    subject: str
    wording: str
    answers: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    yes: bool | None = None
    answerable: bool = True
    path: frozenset[tuple[str, str]] = frozenset()
    fact: tuple[str, str] | None = None


def held_out(name: str, share: float) -> bool:
    """Decide by a hash, so that the same names are held out in every run."""
    return zlib.crc32(name.encode()) % 1000 < 1000 * share


def is_validation(question: Question) -> bool:
    """Whether training must not see `question`: its concept or its wording is held out."""
    return held_out(question.subject, HELD_OUT_CONCEPTS) or held_out(
        question.wording, HELD_OUT_WORDINGS
    )

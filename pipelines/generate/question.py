"""A question that is generated about a graph, with what answers it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GeneratedQuestion:
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

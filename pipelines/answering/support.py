"""The kind of support that an answer has: stated, inferred, seen, or a guess.

It follows from the evidence alone, so that every answerer that cites its evidence has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise

from kg.english import normalise, singulars
from kg.graph import Edge, Node
from kg.vocabulary import KNOWLEDGE, EdgeKind, NodeKind

ABSENT = "I see no "
"""How an answer begins that says that something is not in the photograph."""
PERSON = f"{KNOWLEDGE}person"
NAMING = (EdgeKind.MENTION, EdgeKind.LINK)
"""Edges that say what a word or an object is called; they state nothing about it."""


class Support(StrEnum):
    """What an answer rests on."""

    STATED = "stated"
    """One fact of the knowledge states it: the last step of the path to the answer."""
    INFERRED = "inferred"
    """It follows from an inherited fact, from several facts, or from a fact and what is seen."""
    SEEN = "seen"
    """The photograph shows it: a box, an attribute, a relation, the scene or a text; or it does not
    show what the question takes for granted."""
    GUESS = "guess"
    """Neither a fact nor anything seen leads to it."""


def support_of(
    text: str, path: Sequence[Edge], facts: Iterable[Edge], seen: Iterable[Node]
) -> Support:
    """Return the kind of support of the answer `text`.

    path: the edges from the question to the answer, in order.
    facts: the cited facts, on the path and beside it.
    seen: the cited objects, scenes and texts of the photograph.
    """
    if text.startswith(ABSENT):
        return Support.SEEN
    cited = list(dict.fromkeys((*filter(_is_fact, path), *facts)))
    if _turns(path):
        return Support.GUESS
    if cited:
        return Support.STATED if _states(path) else Support.INFERRED
    seen = list(seen)
    return Support.SEEN if any(map(_shows, path)) or _names(text, seen) else Support.GUESS


def _is_fact(edge: Edge) -> bool:
    return edge.kind == EdgeKind.FACT


def _turns(path: Sequence[Edge]) -> bool:
    """Whether the path goes from one thing to another only since they have something in common.

    That beds and bedding are for sleeping says nothing of the colour of either, and that a tripod
    is used by people and with a camera nothing of what this person does.
    """
    steps = [edge for edge in path if edge.kind not in NAMING]
    return any(
        _is_fact(one) and _is_fact(two) and (_siblings(one, two) or _of_all_people(one, two))
        for one, two in pairwise(steps)
    )


def _siblings(one: Edge, two: Edge) -> bool:
    return (one.target, one.relation) == (two.target, two.relation)


def _of_all_people(one: Edge, two: Edge) -> bool:
    return one.source == two.source and PERSON in (one.target, two.target)


def _states(path: Sequence[Edge]) -> bool:
    """Whether the path holds one fact, which is asserted and the last step that states anything."""
    facts = [edge for edge in path if _is_fact(edge)]
    steps = [edge for edge in path if edge.kind not in NAMING]
    return len(facts) == 1 and not facts[0].via and steps[-1] == facts[0]


def _shows(edge: Edge) -> bool:
    """Whether the photograph states the edge; the question's own statements have a span."""
    return edge.kind == EdgeKind.SPATIAL or (edge.kind == EdgeKind.SEMANTIC and edge.span is None)


def _names(text: str, seen: Sequence[Node]) -> bool:
    """Whether the answer is the name or the number of the cited objects, a scene or a text.

    An object that the question's words denote does not make every answer about it a seen one.
    """
    if any(node.kind in (NodeKind.SCENE, NodeKind.TEXT, NodeKind.SIGNAL) for node in seen):
        return True
    objects = [node for node in seen if node.kind == NodeKind.OBJECT]
    names = {form for node in objects for form in _forms(node.label)}
    return bool(objects) and (text == str(len(objects)) or bool(_forms(text) & names))


def _forms(name: str) -> set[str]:
    """Return a name in lower case without articles, and what it may be the plural of."""
    plain = normalise(name)
    return {plain, *singulars(plain)} if plain else set()

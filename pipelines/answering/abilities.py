"""Yes or no to a question about an ability, where a fact states the ability."""

from __future__ import annotations

import re
from collections.abc import Collection

from graph_fusion.tensors import Query
from kg.english import all_forms, base_forms, normalise
from kg.graph import SceneGraph
from kg.vocabulary import CAPABLE_OF, NOT_CAPABLE_OF, EdgeKind
from pipelines.answering.query import denoted_by

ABILITY_CONFIDENCE = 0.8
"""Confidence in an answer that facts state: set to 8/11 correct on the development questions,
rounded up; the other three failed on detection."""
_WORD = re.compile(r"[\w'-]+")
_NEGATED = re.compile(
    r"\b(?:unable|incapable|impossible|cannot|(?<!or )not|never|no way|untrue|false|incorrect|"
    r"wrong to|mistaken (?:if|to|in|when))\b|n't\b"
)


def stated_ability(graph: SceneGraph, query: Query) -> bool | None:
    """Return whether the answer is yes; None if no fact states it, or facts disagree."""
    if query.answer_type != "yes/no":
        return None
    words_of_question = forms(query.text)
    found = {
        able
        for node in denoted_by(graph, query.topic)
        for edge in graph.edges_from(node)
        for relation, able in ((CAPABLE_OF, True), (NOT_CAPABLE_OF, False))
        if edge.kind == EdgeKind.FACT and edge.states(relation)
        if within(graph.node(edge.target).label, words_of_question)
    }
    return None if len(found) != 1 else found.pop() != negated(query.text)


def negated(question: str) -> bool:
    """Whether a question is negated: "Is it unable to ...?", but not "Can it ... or not?"."""
    return _NEGATED.search(question.lower()) is not None


def forms(text: str) -> set[str]:
    """Return the words of a text, each also in its other forms."""
    words = _WORD.findall(text.lower())
    return {form for word in words for form in (word, *base_forms(word))}


def within(name: str, text_forms: Collection[str]) -> bool:
    """Whether all words of `name` are among `text_forms`, in any form."""
    words = normalise(name).split()
    return bool(words) and all(set(all_forms(word)) & set(text_forms) for word in words)

"""Yes or no, where a fact states what is asked: an ability, a part, a material, what it needs."""

from __future__ import annotations

import re
from collections.abc import Collection

from graph_fusion.tensors import Query
from kg.english import FUNCTION_WORDS, all_forms, base_forms, normalise
from kg.graph import SceneGraph
from kg.vocabulary import DENIALS, ONTOLOGY, EdgeKind
from pipelines.answering.query import denoted_by

STATED_CONFIDENCE = 0.8
"""Confidence in an answer that facts state: 17 of 22 of the development questions are answered
rightly by it."""
_WORD = re.compile(r"[\w'-]+")
_NOT = r"\b(?:is|are|was|were|do|does|did|has|have|had|ca|wo|could|would|should)n['\u2019]?t"
_NEGATED = re.compile(
    r"\b(?:unable|incapable|impossible|cannot|(?<!or )not|never|no way|untrue|false|incorrect|"
    rf"wrong to|mistaken (?:if|to|in|when))\b|{_NOT}\b"
)
_EXPECTS_YES = re.compile(
    rf"^(?:(?:so|and|but|well)\W+)?{_NOT}\b|{_NOT} (?:it|they|he|she|this|that|there|you|we)\W*$"
)
"""A negation that opens a question, and a tag at its end: yes still says that the fact holds."""


def stated_yes_no(graph: SceneGraph, query: Query) -> bool | None:
    """Return whether the answer is yes; None if no fact states it, or facts disagree.

    A fact states it if the question names its object. It is one of the ontology's relations, or of
    one that implies one of these: of others nobody knows whether they deny something. What a thing
    is a kind of is left to the network, which reads and cites the path over its categories.
    """
    if query.answer_type != "yes/no" or query.options:  # "do they grow on trees or in the ground?"
        return None
    words_of_question = forms(_without(query.text, graph, query.topic))
    found = {
        DENIALS.isdisjoint((edge.predicate, *edge.implied))
        for node in denoted_by(graph, query.topic)
        for edge in graph.edges_from(node)
        if edge.kind == EdgeKind.FACT
        if any(one.startswith(ONTOLOGY) for one in (edge.predicate, *edge.implied))
        if within(graph.node(edge.target).label, words_of_question)
    }
    return None if len(found) != 1 else found.pop() != negated(query.text)


def _without(text: str, graph: SceneGraph, word: str | None) -> str:
    """Return a question without the word that stands for what it asks about: no fact says that."""
    span = graph.node(word).span if word is not None and word in graph else None
    return text if span is None else f"{text[: span[0]]} {text[span[1] :]}"


def negated(question: str) -> bool:
    """Whether a question is negated: "Is it unable to ...?", but not "Can it ... or not?".

    >>> [negated(one) for one in ("is it true it cant swim", "cant it swim", "it can, cant it")]
    [True, False, False]
    """
    return _NEGATED.search(_EXPECTS_YES.sub("", question.lower())) is not None


def forms(text: str) -> set[str]:
    """Return the words of a text, and what they may be forms of ("the" is none of "thing")."""
    words = set(_WORD.findall(text.lower()))
    return words | {form for word in words - FUNCTION_WORDS for form in base_forms(word)}


def within(name: str, text_forms: Collection[str]) -> bool:
    """Whether all words of `name` are among `text_forms`, in any form."""
    words = normalise(name).split()
    return bool(words) and all(set(all_forms(word)) & set(text_forms) for word in words)

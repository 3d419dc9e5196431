"""Whether something can do what a question asks, where a fact says just that."""

from __future__ import annotations

import re
from collections.abc import Collection

from graph_fusion.tensors import Query
from kg.english import all_forms, base_forms, normalise
from kg.graph import SceneGraph
from kg.vocabulary import CAPABLE_OF, NOT_CAPABLE_OF, EdgeKind
from pipelines.answering.query import denoted_by

SURE = 0.8
"""How probable the answer is that facts agree on: of eleven such questions that we develop with
eight were answered rightly; in the others something else had been seen than was there."""
_WORD = re.compile(r"[\w'-]+")
_NEGATED = re.compile(r"\b(?:unable|incapable|cannot|not|never)\b|n't\b")


def stated_ability(graph: SceneGraph, query: Query) -> bool | None:
    """Return whether yes is the answer; None where no fact says it, or facts disagree."""
    if query.answer_type != "yes/no":
        return None
    said = forms(query.text)
    found = {
        able
        for node in denoted_by(graph, query.topic)
        for edge in graph.edges_from(node)
        for relation, able in ((CAPABLE_OF, True), (NOT_CAPABLE_OF, False))
        if edge.kind == EdgeKind.FACT and edge.states(relation)
        if within(graph.node(edge.target).label, said)
    }
    return None if len(found) != 1 else found.pop() != negated(query.text)


def negated(question: str) -> bool:
    """Whether a question asks for the contrary: "Is it unable to ...?"."""
    return _NEGATED.search(question.lower()) is not None


def forms(text: str) -> set[str]:
    """Return the words of a text, each also in its other forms."""
    words = _WORD.findall(text.lower())
    return {form for word in words for form in (word, *base_forms(word))}


def within(name: str, said: Collection[str]) -> bool:
    """Whether all words of `name` are among `said`, in whatever form."""
    words = normalise(name).split()
    return bool(words) and all(set(all_forms(word)) & set(said) for word in words)

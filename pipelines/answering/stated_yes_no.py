"""Yes or no, where a fact states what is asked: an ability, a part, a material, what it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from graph_fusion.tensors import Query
from kg.english import FUNCTION_WORDS, all_forms, base_forms, normalise
from kg.graph import Edge, SceneGraph
from kg.vocabulary import ARTEFACT, DENIALS, IS_A_IRI, ONTOLOGY, EdgeKind, NodeKind
from pipelines.answering.query import denoted_by

STATED_CONFIDENCE = 0.7
"""Confidence in an answer that facts state: 20 of 30 of the development questions are answered
rightly by it."""
SHOWN = frozenset({ONTOLOGY + "hasColour", ONTOLOGY + "foundAt"})
"""Relations that the photograph decides: cats are black and sit on sofas, and this one need not."""
CONTAINS = ONTOLOGY + "contains"
"""States what food is made with; what a cup holds the photograph decides."""
_WORD = re.compile(r"[\w'-]+")
_NOT = (
    r"\b(?:is|are|was|were|do|does|did|has|have|had|ca|wo|could|would|should|must|might|need|ai)"
    r"n['\u2019]?t"
)
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
    one that implies one of these: of others nobody knows whether they deny something. Colours,
    places, what is being done and what a vessel holds are left to sight, and what a thing is a kind
    of to the network, which reads and cites the path over its categories.
    """
    if query.answer_type != "yes/no" or query.options:  # "do they grow on trees or in the ground?"
        return None
    if query.of_now:  # a cat can swim, and this one may not be swimming
        return None
    topic = query.topic
    if topic is None or topic not in graph:
        return None
    start, end = query.about
    asked = forms(f"{query.text[:start]} {query.text[end:]}")  # no fact says these words of it
    found = _stated_of(graph, topic, lambda fact: within(graph.node(fact.target).label, asked))
    if not found:  # "is there sugar in donuts" asks about sugar, and the fact is of donuts
        meant = denoted_by(graph, topic)
        others = [node.id for node in graph.nodes(NodeKind.ENTITY) if node.id != topic]
        found = set().union(
            *(_stated_of(graph, one, lambda fact: fact.target in meant) for one in others)
        )
    return None if len(found) != 1 else found.pop() != negated(query.text)


def _stated_of(graph: SceneGraph, word: str, is_asked: Callable[[Edge], bool]) -> set[bool]:
    """Return what facts say of what `word` denotes: holds, does not hold, both, or nothing.

    What is stated of a kind itself counts before what is stated of its categories: birds sing,
    and chickens do not.
    """
    stated = {
        node: found
        for node in denoted_by(graph, word)
        if (found := {_holds(one) for one in _facts_of(graph, node) if is_asked(one)})
    }
    above = {one for node in stated for one in _categories(graph, node)}
    return {holds for node, found in stated.items() if node not in above for holds in found}


def _facts_of(graph: SceneGraph, node: str) -> Iterator[Edge]:
    """Yield the facts about `node` that can state something."""
    for edge in graph.edges_from(node):
        ours = any(one.startswith(ONTOLOGY) for one in (edge.predicate, *edge.implied))
        shown = edge.predicate in SHOWN or (
            edge.predicate == CONTAINS and ARTEFACT in _categories(graph, node)
        )
        if edge.kind == EdgeKind.FACT and ours and not shown:
            yield edge


def _holds(fact: Edge) -> bool:
    return DENIALS.isdisjoint((fact.predicate, *fact.implied))


def _categories(graph: SceneGraph, node: str) -> set[str]:
    """Return the categories of a concept that the graph has, without itself."""
    found: set[str] = set()
    reached = {node}
    while reached:
        edges = [edge for one in reached for edge in graph.edges_from(one)]
        reached = {e.target for e in edges if e.predicate == IS_A_IRI} - found - {node}
        found |= reached
    return found


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

"""Answers that follow from what is in the photograph and what is not, before any network's.

Of two named things ("Is this a cat or a dog?") the one that is seen is the answer. A question that
takes for granted that something is there ("What colour is the dog?") is answered by saying that
it is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from graph_fusion.tensors import Query
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import Evidence
from pipelines.answering.prediction import Prediction
from pipelines.answering.support import ABSENT

MIN_CHOSEN = 0.5
"""The thing that is seen, however weakly, is more probable than the one that is not."""
UNSEEN_CONFIDENCE = 0.6
"""Confidence that what is not seen is not there: chosen by hand, detectors overlook much."""
POINTING = re.compile(
    r"^(is|are|was|were)\s+(this|that|it|these|those|there)(\s+(?!\w*ing\b)\w+)?(\s+(an?|some))?$",
    re.IGNORECASE,
)
"""What stands before the first of two things in a question which of them is there."""
GIVEN = re.compile(r"\b(the|this|that|these|those)$", re.IGNORECASE)
"""Words before a noun that take for granted that it is in the photograph."""
MUST_BE_SEEN = re.compile(
    r"\b(doing|left of|right of|on the (left|right|top)|behind|in front of|next to|near|beside|"
    r"between|under|above|below|holding|wearing|looking at|which side)\b|"
    r"\b(is|are|was|were)\s+(the|this|that|these|those)\b.*\w{2}ing\b",
    re.IGNORECASE,
)
"""Words of questions that no knowledge answers: only the photograph does."""


def seen_option(graph: SceneGraph, query: Query) -> Prediction | None:
    """Return the one option that is seen, where a question asks which of several things it is."""
    words = _option_words(graph, query)
    if len(words) < 2 or len(words) != len(query.options) or query.answer_type != "yes/no":
        return None
    first = min(words, key=lambda word: word.span or (0, 0))
    if first.span is None or not POINTING.match(query.text[: first.span[0]].strip()):
        return None
    seen = [(word, mention) for word in words for mention in _objects(graph, word)]
    if len({word.id for word, _ in seen}) != 1:
        return None
    word, mention = max(seen, key=lambda one: graph.node(one[1].target).score)
    option = next(one for one in query.options if _is_option(query, word, one))
    confidence = max(MIN_CHOSEN, graph.node(mention.target).score)
    return Prediction.of(option, confidence, Evidence.from_path(graph, (mention,)))


def absence(
    graph: SceneGraph, query: Query, seeable: Collection[str] = frozenset()
) -> Prediction | None:
    """Return that something is not seen which the question takes for granted.

    seeable: the names of what the detector can find; of other things it says nothing that they
        are not seen.
    """
    if graph.photo is None:
        return None
    if query.answer_type != "attribute" and not MUST_BE_SEEN.search(query.text):
        return None
    for word in graph.nodes(NodeKind.ENTITY):
        given = word.span and GIVEN.search(query.text[: word.span[0]].rstrip())
        if given and word.label in seeable and not _shown(graph, word):
            evidence = Evidence.from_path(graph, (), word)
            return Prediction.of(f"{ABSENT}{word.label}", UNSEEN_CONFIDENCE, evidence)
    return None


def _option_words(graph: SceneGraph, query: Query) -> list[Node]:
    """Return the words of the question that are its options."""
    return [
        word
        for word in graph.nodes(NodeKind.ENTITY)
        if any(_is_option(query, word, one) for one in query.options)
    ]


def _is_option(query: Query, word: Node, option: str) -> bool:
    written = query.text[slice(*word.span)] if word.span else word.label
    return option.lower() in (written.lower(), word.label.lower())


def _objects(graph: SceneGraph, word: Node) -> list[Edge]:
    """Return the edges from a word to the objects of the photograph that it denotes."""
    return [
        edge
        for edge in graph.edges_from(word.id)
        if edge.kind == EdgeKind.MENTION and graph.node(edge.target).kind == NodeKind.OBJECT
    ]


def _shown(graph: SceneGraph, word: Node) -> bool:
    """Whether a word denotes anything in the photograph, be it the scene or a text."""
    return any(edge.kind == EdgeKind.MENTION for edge in graph.edges_from(word.id))

"""Answers to what somebody in the photograph is doing, from the activity that is seen."""

from __future__ import annotations

import re

from graph_fusion.tensors import Query
from kg.graph import Edge, SceneGraph
from kg.vocabulary import IS_DOING, EdgeKind, NodeKind
from pipelines.answering.evidence import Evidence
from pipelines.answering.prediction import Prediction
from pipelines.answering.query import denoted_by

ASKS_DOING = re.compile(
    r"^\W*wh?at(?:\W?s)?\b(?!.*\b(?:sport|game)\b).*\b(?:doing|up to)\b"
    r"(?!\s+(?:with|to|about|for)\b)",
    re.IGNORECASE,
)
"""Questions that an activity answers by itself; "doing with the ball" needs more."""


def activity_answer(graph: SceneGraph, query: Query) -> Prediction | None:
    """Return the most probable activity of what the question is about; of anybody for "it"."""
    if not ASKS_DOING.search(query.text):
        return None
    done = [edge for edge in graph.edges(EdgeKind.SEMANTIC) if edge.relation == IS_DOING]
    asked = denoted_by(graph, query.topic)
    theirs = [edge for edge in done if edge.source in asked]
    names_somebody = any(graph.node(one).kind == NodeKind.OBJECT for one in asked)
    best = max(theirs if names_somebody else done, key=_score, default=None)
    if best is None:
        return None
    text = graph.node(best.target).label
    return Prediction.of(text, best.score, Evidence.from_path(graph, (best,)))


def _score(edge: Edge) -> tuple[float, str, str]:
    return edge.score, edge.source, edge.target

"""Answers that are written in the photograph: what the sign says, the number on the bus.

The networks were trained on graphs without texts. Where a question asks for something written, the
text that was read takes precedence over them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from graph_fusion.tensors import Query
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import Evidence
from pipelines.answering.prediction import Prediction
from pipelines.answering.query import denoted_by
from pipelines.detections import HAS_TEXT

WRITTEN_CONFIDENCE = 0.8
"""Share of the reader's score that the answer gets: the text may be right and not be asked for.

Chosen by hand."""
SAME_HEIGHT = 2.0
"""Lines of one paragraph have heights whose ratio is at most this: chosen by hand."""
LINE_GAP = 0.8
"""They are nearer to each other than this share of the higher line: chosen by hand."""
SAME_ROW = 0.5
"""Texts stand in one row if their middles are nearer than this share of the lower one's height:
chosen by hand."""
CLOCK = re.compile(r"\b\d{1,2}\s?[:.h]\s?\d{2}(?![./-]?\d)(?:\s?[ap]\.?m\b\.?)?", re.IGNORECASE)
DATE = re.compile(r"\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")
NUMBER = re.compile(r"[$£€]?[A-Z]{0,3}-?\d[\d.,:/-]*(?<![.,:/-])%?[A-Z]{0,2}\b")
STRICT = frozenset({"name", "brand"})
"""Kinds of text that must stand on what the question means, if that is in the photograph."""


def written_answer(graph: SceneGraph, query: Query) -> Prediction | None:
    """Return the text that answers `query`; None if it asks for none, or none fits.

    Texts on the objects that the topic denotes come first. Of several paragraphs the one with the
    largest letters, weighted with the certainty of the reading, is the answer.
    """
    if query.written is None or query.answer_type == "yes/no":
        return None
    texts = graph.nodes(NodeKind.TEXT)
    paths = _paths(graph, query.topic)
    on_topic = [one for one in texts if one.id in paths]
    located = any(graph.node(one).kind == NodeKind.OBJECT for one in denoted_by(graph, query.topic))
    groups = [on_topic] if located and query.written in STRICT else [on_topic, texts]
    for group in groups:
        found = [(part, lines) for lines in paragraphs(group) if (part := _part(lines, query))]
        if found:
            part, lines = max(found, key=lambda one: _size(one[1]))
            score = sum(line.score for line in lines) / len(lines)
            path = next((paths[line.id] for line in lines if line.id in paths), ())
            evidence = Evidence.from_path(graph, path, *lines)
            return Prediction.of(part, WRITTEN_CONFIDENCE * score, evidence)
    return None


def paragraphs(texts: Sequence[Node]) -> list[list[Node]]:
    """Return the lines that stand together, each paragraph from top to bottom."""
    found: list[list[Node]] = []
    for text in sorted(texts, key=lambda one: (one.box.y1, one.box.x1) if one.box else (0, 0)):
        near = [group for group in found if any(_together(text, other) for other in group)]
        joined = [line for group in near for line in group]
        found = [group for group in found if group not in near]
        found.append([*joined, text])
    return [_in_reading_order(group) for group in found]


def _in_reading_order(texts: Sequence[Node]) -> list[Node]:
    """Return the texts row by row: what stands in one row need not begin at one height."""
    placed = sorted(
        ((one.box.centre[1], one.box.x1, one.box.height, one) for one in texts if one.box),
        key=lambda text: text[0],
    )
    rows: list[list[tuple[float, float, float, Node]]] = []
    for text in placed:
        if rows and text[0] - rows[-1][0][0] < SAME_ROW * min(text[2], rows[-1][0][2]):
            rows[-1].append(text)
        else:
            rows.append([text])
    ordered = [one for row in rows for *_, one in sorted(row, key=lambda text: text[1])]
    return ordered or list(texts)


def _together(one: Node, other: Node) -> bool:
    if one.box is None or other.box is None:
        return False
    low, high = sorted((one.box.height, other.box.height))
    return high <= SAME_HEIGHT * low and one.box.gap(other.box) < LINE_GAP * high


def _size(lines: Sequence[Node]) -> float:
    """Return the height of the highest line, in pixels, times its score."""
    return max(line.score * line.box.height if line.box else 0.0 for line in lines)


def _part(lines: Sequence[Node], query: Query) -> str:
    """Return the part of a paragraph that is of the kind asked for; "" if there is none."""
    whole = " ".join(line.label for line in lines)
    return _PARTS[query.written or "words"](whole)


def _words(text: str) -> str:
    return text if sum(one.isalnum() for one in text) > 1 else ""


def _named(text: str) -> str:
    return text if sum(one.isalpha() for one in text) > 1 else ""


def _number(text: str) -> str:
    found = NUMBER.findall(text)
    return max(found, key=len) if found else ""


def _time(text: str) -> str:
    found = CLOCK.search(text) or DATE.search(text)
    return found.group() if found else ""


_PARTS: dict[str, Callable[[str], str]] = {
    "words": _words,
    "number": _number,
    "time": _time,
    "name": _named,
    "brand": _named,
}


def _paths(graph: SceneGraph, topic: str | None) -> dict[str, tuple[Edge, ...]]:
    """Return, by id of each text on an object that the topic denotes, the path from the topic.

    Where the topic denotes no object ("the number on the bus"), all words of the question serve.
    """
    mentions = graph.edges(EdgeKind.MENTION)
    of_topic = [one for one in mentions if one.source == topic]
    return {
        text.target: (mention, text)
        for mention in of_topic or mentions
        for text in graph.edges_from(mention.target)
        if text.relation == HAS_TEXT
    }

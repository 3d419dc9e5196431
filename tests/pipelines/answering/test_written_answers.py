"""pipelines/answering/written_answers.py: a text of the right kind, on the right object."""

from __future__ import annotations

import pytest

from graph_fusion.tensors import Query
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import MEANS, EdgeKind, NodeKind
from pipelines.answering.written_answers import paragraphs, written_answer
from pipelines.detections import HAS_TEXT


def text(
    number: int, label: str, box: tuple[float, float, float, float], score: float = 0.9
) -> Node:
    return Node(f"text:{number}", NodeKind.TEXT, label, "rapidocr", score, Box(*box))


def street() -> SceneGraph:
    """A bus with a number, and a shop sign of two lines beside it."""
    graph = SceneGraph(PhotoInfo("street.jpg", 640, 480), "What number is on the bus?")
    graph.add(Node("entity:0", NodeKind.ENTITY, "bus", "parser", span=(22, 25)))
    graph.add(Node("object:0", NodeKind.OBJECT, "bus", "test", 0.9, Box(0, 100, 300, 400)))
    graph.add(text(0, "Bus 42A", (20, 120, 90, 140)))
    graph.add(text(1, "CENTRAL", (400, 100, 560, 140)))
    graph.add(text(2, "BAKERY 1902", (400, 150, 560, 185)))
    graph.connect(Edge("entity:0", "object:0", EdgeKind.MENTION, MEANS, "grounder"))
    graph.connect(Edge("object:0", "text:0", EdgeKind.SEMANTIC, HAS_TEXT, "rapidocr", 0.9))
    return graph


def asked(written: str | None, topic: str | None = "entity:0", kind: str = "object") -> Query:
    return Query("What number is on the bus?", "", kind, topic=topic, written=written)


def test_the_number_is_read_on_the_bus_that_is_asked_about() -> None:
    answer = written_answer(street(), asked("number"))
    assert answer is not None
    assert answer.text == "42A"
    assert [one.label for one in answer.evidence.texts] == ["Bus 42A"]
    assert [one.label for one in answer.evidence.objects] == ["bus"]
    assert [edge.relation for edge in answer.evidence.path] == [MEANS, HAS_TEXT]
    assert 0 < answer.confidence < 0.9


def test_without_a_topic_in_the_photograph_the_largest_paragraph_is_read_as_a_whole() -> None:
    answer = written_answer(street(), asked("words", topic=None))
    graph = street().without(*street().edges())
    alone = written_answer(graph, asked("words", topic=None))
    assert answer is not None
    assert answer.text == "Bus 42A"  # the words of the question mean the bus
    assert alone is not None
    assert alone.text == "CENTRAL BAKERY 1902"


@pytest.mark.parametrize(
    "query",
    [asked(None), asked("words", kind="yes/no"), asked("time")],
    ids=["nothing written", "yes or no", "no time there"],
)
def test_no_text_answers_another_question(query: Query) -> None:
    assert written_answer(street(), query) is None


def test_the_name_of_an_object_must_stand_on_it() -> None:
    graph = street().without(
        Edge("object:0", "text:0", EdgeKind.SEMANTIC, HAS_TEXT, "rapidocr", 0.9)
    )
    assert written_answer(graph, asked("name")) is None


@pytest.mark.parametrize(
    ("label", "written", "part"),
    [
        ("OPEN 10:45 am", "time", "10:45 am"),
        ("24.12.2025", "time", "24.12.2025"),
        ("only $3.50!", "number", "$3.50"),
        ("No. 7", "number", "7"),
        ("YAMAHA", "brand", "YAMAHA"),
    ],
)
def test_the_part_of_the_kind_is_taken(label: str, written: str, part: str) -> None:
    graph = SceneGraph(PhotoInfo("wall.jpg", 640, 480))
    graph.add(text(0, label, (0, 0, 90, 20)))
    answer = written_answer(graph, asked(written, topic=None))
    assert answer is not None
    assert answer.text == part


def test_lines_far_apart_or_of_other_sizes_are_no_paragraph() -> None:
    lines = [
        text(0, "a", (0, 0, 50, 20)),
        text(1, "b", (0, 25, 50, 45)),
        text(2, "c", (0, 200, 50, 220)),
        text(3, "d", (0, 50, 200, 110)),
    ]
    assert [[one.label for one in group] for group in paragraphs(lines)] == [
        ["a", "b"],
        ["d"],
        ["c"],
    ]


def test_texts_of_one_row_are_read_from_left_to_right() -> None:
    rising = [
        text(0, "NO", (0, 14, 40, 34)),
        text(1, "PARKING", (44, 12, 120, 32)),
        text(2, "HERE", (124, 10, 170, 30)),
        text(3, "TODAY", (0, 40, 70, 60)),
    ]
    (lines,) = paragraphs(rising)
    assert [one.label for one in lines] == ["NO", "PARKING", "HERE", "TODAY"]

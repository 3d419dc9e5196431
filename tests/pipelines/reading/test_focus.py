"""pipelines/reading/focus.py and build: verbs of a question as activities."""

from __future__ import annotations

import pytest

from kg.graph import PhotoInfo
from kg.vocabulary import EdgeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import Detection
from pipelines.reading.focus import activity_verbs
from pipelines.reading.parser import Parser

INFO = PhotoInfo("test", 400, 300)


def done(builder: GraphBuilder, parser: Parser, text: str, *labels: str) -> set[str]:
    """Return what the entities of a question are linked to, besides their own names."""
    objects = [
        Detection(label, 0.9, "test", (90 * at, 10, 90 * at + 80, 200))
        for at, label in enumerate(labels)
    ]
    graph = builder(objects, INFO, parser(text))
    return {
        graph.node(edge.target).label
        for edge in graph.edges(EdgeKind.LINK)
        if edge.source.startswith("entity")
    }


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("Is this animal able to swim?", "swimming"),
        ("Can this animal purr?", "purring"),
        ("Would it be good at jumping?", "jumping"),
        ("What here could you cut with?", "cutting"),
        ("In what would you sleep here?", "sleeping"),
        ("Can you brush your teeth with this?", "brushing teeth"),
        ("Might this vehicle cross oceans?", "crossing oceans"),
    ],
)
def test_a_verb_means_its_activity(
    builder: GraphBuilder, parser: Parser, text: str, activity: str
) -> None:
    assert activity in done(builder, parser, text, "cat", "bed")


def test_the_facts_of_the_activity_come_into_the_graph(
    builder: GraphBuilder, parser: Parser
) -> None:
    graph = builder.with_text(builder([], INFO), parser("What would you sleep in?"))
    assert any(graph.node(edge.source).label == "bed" for edge in graph.edges(EdgeKind.FACT))


@pytest.mark.parametrize("text", ["What do you see?", "Does it have wheels?", "a dog runs"])
def test_auxiliaries_light_verbs_and_statements_name_no_activity(parser: Parser, text: str) -> None:
    assert all(" " in name for doing in activity_verbs(parser(text)) for name, _ in doing.names)


def test_a_text_added_to_a_graph_gives_the_same_as_both_at_once(
    builder: GraphBuilder, parser: Parser
) -> None:
    objects = [Detection("cat", 0.9, "test", (0, 0, 90, 90))]
    sentence = parser("Can this animal catch mice?")
    alone = builder(objects, INFO)
    before = len(alone)
    assert builder.with_text(alone, sentence) == builder(objects, INFO, sentence)
    assert len(alone) == before

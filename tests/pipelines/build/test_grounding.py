"""pipelines/build/grounding.py and agreement.py: which objects the words mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.graph import Box, PhotoInfo
from kg.vocabulary import EdgeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import HAS_COLOUR, Detection, PerceivedAttribute, PerceptionResult
from pipelines.evaluate import Source
from pipelines.evaluate.reading.grounding import GroundingEvaluator
from pipelines.reading.parser import Parser

CASES = Path(__file__).parents[1] / "grounding_cases.json"
BOXES: list[tuple[str, Box, str]] = [
    ("dog", (10, 100, 110, 200), "brown"),
    ("dog", (300, 120, 360, 180), "white"),
    ("couch", (280, 150, 400, 290), "red"),
    ("car", (150, 10, 260, 60), "red"),
]


def meant(builder: GraphBuilder, parser: Parser, text: str) -> list[int]:
    """Return the objects that the first thing of `text` may mean, the likeliest first."""
    objects = [Detection(label, 0.9, "test", box) for label, box, _ in BOXES]
    seen = PerceptionResult(
        tuple((PerceivedAttribute(HAS_COLOUR, c, 1.0, "test"),) for *_, c in BOXES)
    )
    graph = builder(objects, PhotoInfo("test", 400, 300), parser(text), seen)
    edges = [e for e in graph.edges(EdgeKind.MENTION) if e.source == "entity:0"]
    assert all(0 <= edge.score <= 1 for edge in edges)
    edges.sort(key=lambda edge: -edge.score)
    return [int(edge.target.removeprefix("object:")) for edge in edges]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("What is the dog doing?", 0),  # the larger one
        ("What is the white dog doing?", 1),
        ("What is the dog on the right doing?", 1),
        ("What is the smallest animal?", 1),
        ("What is the second dog from the left?", 1),
        ("What is the other dog doing?", 1),
        ("What does the animal on the couch eat?", 1),
        ("Who drives this vehicle?", 3),
        ("What is the red thing at the bottom?", 2),
        ("What does the dog with the hat eat?", 0),  # no hat is seen: nothing is lost
    ],
)
def test_what_is_said_of_a_thing_finds_it(
    builder: GraphBuilder, parser: Parser, text: str, first: int
) -> None:
    assert meant(builder, parser, text)[0] == first


def test_several_that_fit_stay_several(builder: GraphBuilder, parser: Parser) -> None:
    assert set(meant(builder, parser, "What do these dogs eat?")) == {0, 1}


def test_people_are_hardly_meant_by_animals(builder: GraphBuilder, parser: Parser) -> None:
    objects = [
        Detection("person", 0.9, "test", (0, 0, 200, 300)),
        Detection("cat", 0.6, "test", (210, 200, 260, 250)),
    ]
    graph = builder(objects, PhotoInfo("test", 400, 300), parser("What does this animal eat?"))
    best = max(graph.edges(EdgeKind.MENTION), key=lambda edge: edge.score)
    assert best.target == "object:1"


@pytest.mark.parametrize(("part", "least"), [("development", 0.93), ("unseen", 0.84)])
def test_most_expressions_are_grounded_right(part: str, least: float) -> None:
    evaluator = GroundingEvaluator()
    report = evaluator(evaluator.system(), evaluator.dataset(Source(CASES)))
    assert report.figures[f"{part}: top-1"] >= least


def test_boxes_of_no_area_are_neither_large_nor_an_error(
    builder: GraphBuilder, parser: Parser
) -> None:
    flat = [Detection("dog", 0.9, "test", Box(10, 10, 10, 40))]
    graph = builder(flat, PhotoInfo("test", 400, 300), parser("What is the large dog?"))
    assert [edge.target for edge in graph.edges(EdgeKind.MENTION)][:1] == ["object:0"]

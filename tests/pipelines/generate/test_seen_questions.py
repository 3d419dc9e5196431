"""pipelines/generate/seen_questions.py: what is seen is the answer."""

from __future__ import annotations

import pytest

from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from pipelines.build.builder import GraphBuilder
from pipelines.detections import (
    HAS_COLOUR,
    HAS_POSITION,
    HAS_SIZE,
    Detection,
    PerceivedAttribute,
    PerceivedRelation,
    PerceivedScene,
    PerceptionResult,
)
from pipelines.generate.question import ReferenceScene
from pipelines.generate.questions import QuestionWriter
from pipelines.reading.wordings import grouped


@pytest.fixture
def graph(builder: GraphBuilder) -> SceneGraph:
    objects = [
        Detection("person", 0.9, "test", (100, 20, 180, 200)),
        Detection("horse", 0.8, "test", (60, 110, 260, 290)),
    ]
    told = [("black", "middle", "large"), ("brown", "left", "large")]
    attributes = tuple(
        (
            PerceivedAttribute(HAS_COLOUR, colour, 1.0, "colours"),
            PerceivedAttribute(HAS_POSITION, place, 1.0, "geometry"),
            PerceivedAttribute(HAS_SIZE, size, 1.0, "geometry"),
        )
        for colour, place, size in told
    )
    seen = PerceptionResult(
        attributes, (PerceivedRelation(0, "riding", 1, 0.8),), (PerceivedScene("beach", 0.9),)
    )
    return builder(objects, PhotoInfo("test", 400, 300), perceived=seen)


def questions(builder: GraphBuilder, graph: SceneGraph, kind: str) -> list[tuple[str, object]]:
    writer = QuestionWriter(Knowledge.bundled(), builder, seed=1)
    write = getattr(writer.seen, kind)
    found = [write(ReferenceScene.of(graph)) for _ in range(200)]
    return [
        (one.text, one.answers if one.yes is None else one.yes) for one in found if one is not None
    ]


def test_colours_are_asked_for(builder: GraphBuilder, graph: SceneGraph) -> None:
    found = dict(questions(builder, graph, "attribute"))
    asked = {text: answers for text, answers in found.items() if "colo" in text}
    assert {frozenset({"seen:brown"}), frozenset({"seen:black"})} <= set(asked.values())
    names = ("the horse", "this horse", "the horse here", "the big horse", "the horse in front")
    wordings = grouped("seen_questions", "attribute")[HAS_COLOUR]
    told = {wording.format(s=name) for wording in wordings for name in names}
    horse = [answers for text, answers in asked.items() if text in told]
    assert horse
    assert set(horse) == {frozenset({"seen:brown"})}


def test_yes_and_no_follow_the_colour(builder: GraphBuilder, graph: SceneGraph) -> None:
    found = questions(builder, graph, "colour_yes_no")
    assert {yes for _, yes in found} == {True, False}
    assert all(yes == ("brown" in text) for text, yes in found if text.startswith("Is the horse"))


def test_objects_are_chosen_by_colour(builder: GraphBuilder, graph: SceneGraph) -> None:
    found = dict(questions(builder, graph, "colour_select"))
    brown = [answers for text, answers in found.items() if "brown" in text]
    assert set(brown) == {frozenset({"object:1"})}


def test_the_scene_is_the_place(builder: GraphBuilder, graph: SceneGraph) -> None:
    answers = {answer for _, answer in questions(builder, graph, "place")}
    assert answers == {frozenset({"scene:beach"})}


def test_what_is_done_is_asked_for(builder: GraphBuilder, graph: SceneGraph) -> None:
    found = dict(questions(builder, graph, "doing"))
    assert found["What is the person riding?"] == frozenset({"object:1"})
    assert found["Is the person riding a horse?"] is True
    assert found["Is the person riding a person?"] is False

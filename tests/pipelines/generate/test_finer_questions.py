"""pipelines/generate/finer_questions.py: only what the wording asks for is an answer."""

from __future__ import annotations

import pytest

from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.memory import Knowledge
from pipelines.build.builder import GraphBuilder
from pipelines.detections import HAS_POSITION, Detection, PerceivedAttribute, PerceptionResult
from pipelines.generate.question import GeneratedQuestion, ReferenceScene
from pipelines.generate.questions import QuestionWriter
from pipelines.reading.wordings import nested

LABELS = ("zebra", "person", "car", "banana")


@pytest.fixture
def graph(builder: GraphBuilder) -> SceneGraph:
    objects = [
        Detection(label, 0.9 - 0.1 * at, "test", (90 * at, 10, 90 * at + 80, 200))
        for at, label in enumerate(LABELS)
    ]
    sides = ("left", "left", "right", "right")
    seen = PerceptionResult(
        tuple((PerceivedAttribute(HAS_POSITION, one, 1.0, "geometry"),) for one in sides)
    )
    return builder(objects, PhotoInfo("test", 400, 300), perceived=seen)


def written(builder: GraphBuilder, graph: SceneGraph, kind: str) -> list[GeneratedQuestion]:
    writer = QuestionWriter(Knowledge.bundled(), builder, seed=2)
    write = getattr(writer.finer, kind)
    found = [write(ReferenceScene.of(graph)) for _ in range(60)]
    assert any(found), f"no question of {kind} was written"
    return [one for one in found if one is not None]


def test_a_typed_wording_is_answered_below_its_category(
    builder: GraphBuilder, graph: SceneGraph
) -> None:
    knowledge = Knowledge.bundled()
    for one in written(builder, graph, "typed"):
        allowed = {
            category
            for categories in nested("finer_questions", "typed").values()
            for category, wordings in categories.items()
            if one.wording in wordings
        }
        concepts = [answer for answer in one.answers if answer in knowledge.concepts]
        assert concepts
        for concept in concepts:
            assert allowed & {knowledge.label(up) for up in knowledge.categories(concept)}


def test_a_class_is_one_of_those_that_the_wording_offers(
    builder: GraphBuilder, graph: SceneGraph
) -> None:
    knowledge = Knowledge.bundled()
    classes = {
        name for group in nested("finer_questions", "classes").values() for name in group["answers"]
    }
    for one in written(builder, graph, "one_class"):
        assert one.answers
        assert {knowledge.label(answer) for answer in one.answers} <= classes


@pytest.mark.parametrize("kind", ["part_select", "part_fact"])
def test_parts_are_asked_about_by_what_is_known_of_them(
    builder: GraphBuilder, graph: SceneGraph, kind: str
) -> None:
    knowledge = Knowledge.bundled()
    for one in written(builder, graph, kind):
        assert one.answers
        told = [(source, target) for source, target in one.path if not source.startswith("object:")]
        assert any(
            fact.object == target for source, target in told for fact in knowledge.facts(source)
        )


def test_the_side_is_where_the_thing_is(builder: GraphBuilder, graph: SceneGraph) -> None:
    for one in written(builder, graph, "side"):
        assert one.answers <= {"seen:left", "seen:right"}


def test_a_kind_of_something_lies_below_it_or_is_in_the_photograph(
    builder: GraphBuilder, graph: SceneGraph
) -> None:
    for one in written(builder, graph, "kind_of"):
        assert any(answer.startswith("object:") for answer in one.answers)

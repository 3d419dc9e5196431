"""pipelines/generate/knowledge_scenes.py: the graph answers, and test's concepts are new."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from zlib import crc32

import pytest

from kg.graph import SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.builder import GraphBuilder
from pipelines.datasets.coco import TRAIN_SPLIT, VAL_SPLIT
from pipelines.datasets.splits import Part, coco_part
from pipelines.generate.knowledge_scenes import (
    MAX_ANSWERS,
    MAX_OBJECTS,
    SceneQuestion,
    SceneWriter,
    part_of,
    read_photos,
    write_parts,
)

Parts = dict[Part, list[SceneQuestion]]


def steps(question: SceneQuestion) -> list[set[str]]:
    """Walk the graph as the question says; return the concepts after each step."""
    graph = question.graph
    objects = {node.id for node in graph.nodes(NodeKind.OBJECT) if node.label == question.named}
    if question.place:
        placed = graph.edges(EdgeKind.SPATIAL)
        objects = {
            edge.source
            for edge in placed
            if edge.target in objects and edge.relation == question.place
        }
    over = [{edge.target for edge in graph.edges(EdgeKind.LINK) if edge.source in objects}]
    for relation in question.facts:
        facts = [edge for edge in graph.edges(EdgeKind.FACT) if edge.relation == relation]
        over.append({edge.target for edge in facts if edge.source in over[-1]})
    return over


def labels(graph: SceneGraph, nodes: set[str]) -> set[str]:
    return {graph.node(node).label for node in nodes}


def every(parts: Parts) -> list[SceneQuestion]:
    return [question for questions in parts.values() for question in questions]


def test_walking_the_graph_as_asked_reaches_the_answers_and_nothing_else(
    scene_parts: Parts,
) -> None:
    for question in every(scene_parts):
        assert labels(question.graph, steps(question)[-1]) == question.answers, question.text
        assert 1 <= len(question.answers) <= MAX_ANSWERS


def test_questions_go_over_one_to_three_relations(scene_parts: Parts) -> None:
    assert {question.relations for question in every(scene_parts)} == {1, 2, 3}
    for question in every(scene_parts):
        assert question.relations == len(question.facts) + bool(question.place)
        assert question.named in question.text
        assert question.place is None or f"the thing {question.place} the" in question.text


def test_no_concept_of_test_stands_in_what_training_sees(
    scene_parts: Parts, builder: GraphBuilder
) -> None:
    knowledge = builder.knowledge
    hidden = {
        concept.label
        for concept in knowledge.concepts.values()
        if part_of(concept.iri) == "held-out"
    }
    for part in ("train", "development"):
        for question in scene_parts[part]:
            for node in question.graph.nodes():
                assert node.label not in hidden
                assert node.kind == NodeKind.OBJECT or crc32(node.id.encode()) % 1000 >= 250
            assert question.named not in hidden
            assert not question.answers & hidden


def test_no_concept_of_validation_stands_in_what_training_sees(scene_parts: Parts) -> None:
    concepts = {
        node.id for one in scene_parts["train"] for node in one.graph.nodes(NodeKind.CONCEPT)
    }
    assert {part_of(concept) for concept in concepts} == {"train"}


@pytest.mark.parametrize("part", ["development", "held-out"])
def test_each_question_leads_over_a_concept_that_training_never_shows(
    scene_parts: Parts, part: Part
) -> None:
    assert scene_parts[part]
    for question in scene_parts[part]:
        *over, _ = steps(question)
        assert part in {part_of(concept) for concept in set.union(*over)}, question.text


def test_about_a_quarter_of_all_concepts_is_test_s(builder: GraphBuilder) -> None:
    parts = Counter(part_of(concept) for concept in builder.knowledge.concepts)
    assert 0.2 < parts["held-out"] / parts.total() < 0.3
    assert 0.04 < parts["development"] / parts.total() < 0.12


def test_parts_share_no_photograph(scene_parts: Parts) -> None:
    photos = {
        part: {one.graph.photo.source for one in questions if one.graph.photo}
        for part, questions in scene_parts.items()
    }
    assert all(f"/{VAL_SPLIT}/" in name for name in photos["held-out"])
    assert all(
        f"/{TRAIN_SPLIT}/" in name for part in ("train", "development") for name in photos[part]
    )
    assert not photos["train"] & photos["development"]
    assert {coco_part(name) for name in photos["development"]} == {"development"}
    assert {coco_part(name) for name in photos["train"]} == {"train"}


def test_graphs_hold_more_than_the_way_to_the_answer(scene_parts: Parts) -> None:
    """Otherwise the answer would be whatever node is at the end of a chain."""
    ends = []
    for question in scene_parts["held-out"]:
        facts = question.graph.edges(EdgeKind.FACT)
        assert len(question.graph.nodes(NodeKind.OBJECT)) <= MAX_OBJECTS
        targets = {edge.target for edge in facts}
        ends.append(len(labels(question.graph, targets) - question.answers))
    assert sum(count > 0 for count in ends) > 0.9 * len(ends)


def test_the_same_seed_writes_the_same_questions(
    scenes_folder: Path, builder: GraphBuilder, scene_parts: Parts
) -> None:
    def written(seed: int) -> list[SceneQuestion]:
        writer = SceneWriter(builder.knowledge, "held-out", seed)
        photos = read_photos(scenes_folder, VAL_SPLIT).values()
        return [one for photo, boxes in photos for one in writer.write(photo, boxes, 5)]

    assert written(0) == scene_parts["held-out"]
    assert written(1) != scene_parts["held-out"]


def test_at_most_the_wanted_amount_is_written(scene_parts: Parts) -> None:
    photos = Counter(one.graph.photo.source for one in every(scene_parts) if one.graph.photo)
    assert max(photos.values()) == 5


def test_real_photographs_give_questions_of_every_length(datasets: Path) -> None:
    parts = write_parts(datasets / "coco_mini", questions=1)
    for part in ("train", "held-out"):
        assert {question.relations for question in parts[part]} == {1, 2, 3}
    assert parts["development"]
    for question in every(parts):
        assert labels(question.graph, steps(question)[-1]) == question.answers

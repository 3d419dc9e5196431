"""pipelines/answering/query.py: what the network reads of questions and detections."""

from __future__ import annotations

import numpy as np

from pipelines.answering.query import query_of, region_features
from pipelines.detections import Detection, strongest
from pipelines.reading.parser import Parser

FEATURE = np.ones(4, dtype=np.float32)


def test_regions_are_named_as_the_builder_names_their_nodes() -> None:
    weak = Detection("cup", 0.2, "bundled", (0, 0, 5, 5), FEATURE)
    sure = Detection("cat", 0.9, "bundled", (0, 0, 5, 5), 2 * FEATURE)
    found = region_features(strongest([weak, sure]), "bundled")
    assert {name: feature[0] for name, feature in found.items()} == {"object:0": 2, "object:1": 1}


def test_features_of_another_detector_are_left_out() -> None:
    other = Detection("cat", 0.9, "fcos_resnet50_fpn", (0, 0, 5, 5), FEATURE)
    bare = Detection("cup", 0.8, "bundled", (0, 0, 5, 5))
    assert region_features([other, bare], "bundled") == {}


def test_a_question_gives_its_frame_type_and_focus(parser: Parser) -> None:
    query = query_of(parser("What animal is next to the cup?"))
    assert query.answer_type == "object"
    assert query.text[slice(*query.focus)] == "animal"


def test_the_topic_is_the_node_that_is_asked_about(parser: Parser) -> None:
    assert query_of(parser("What is the object next to the cup used for?")).topic == "entity:0"
    assert query_of(parser("a dog on a sofa")).topic is None


def test_a_statement_counts_as_asking_for_a_concept(parser: Parser) -> None:
    query = query_of(parser("a dog on a sofa"))
    assert (query.frame, query.answer_type, query.focus) == ("a dog on a sofa", "concept", None)

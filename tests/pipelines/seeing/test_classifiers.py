"""pipelines/seeing/classifiers.py: relations between detected objects."""

from __future__ import annotations

import pytest
import torch

from kg.graph import Box
from pipelines.detections import Detection
from pipelines.seeing.classifiers import MAX_RELATIONS, UNUSUAL, RelationClassifier

RIDER: Box = Box(100, 20, 180, 200)
HORSE: Box = Box(60, 110, 260, 290)


@pytest.fixture(scope="module")
def reader() -> RelationClassifier:
    return RelationClassifier()


def best(
    reader: RelationClassifier, first: str, second: str, boxes: list[Box], names: list[str]
) -> str:
    scores = reader.score([first, second], boxes, 400, 300, [(0, 1)], names)
    return names[int(scores[0].argmax())]


def test_labels_and_boxes_tell_what_is_done(reader: RelationClassifier) -> None:
    names = ["wearing", "riding", "eating", "parked on"]
    assert best(reader, "person", "horse", [RIDER, HORSE], names) == "riding"
    assert best(reader, "person", "tie", [RIDER, (130, 80, 145, 130)], names) == "wearing"
    assert best(reader, "person", "pizza", [RIDER, (90, 90, 190, 130)], names) == "eating"
    assert best(reader, "car", "street", [(50, 100, 150, 150), (0, 120, 400, 300)], names) == (
        "parked on"
    )


def test_forms_of_one_predicate_score_alike(reader: RelationClassifier) -> None:
    names = ["ride", "riding", "is riding", "rides"]
    scores = reader.score(["person", "horse"], [RIDER, HORSE], 400, 300, [(0, 1)], names)[0]
    assert float(scores.max() - scores.min()) <= UNUSUAL + 1e-5
    assert int(scores.argmax()) == 1
    alone = reader.score(["person", "horse"], [RIDER, HORSE], 400, 300, [(0, 1)], ["ride", "on"])
    crowd = ["ride", "on", "riding", "rides"]
    among = reader.score(["person", "horse"], [RIDER, HORSE], 400, 300, [(0, 1)], crowd)
    torch.testing.assert_close(among[0, 1], alone[0, 1])


def test_of_is_have_the_other_way_round(reader: RelationClassifier) -> None:
    boxes: list[Box] = [Box(50, 50, 200, 250), Box(60, 200, 90, 250)]
    scores = reader.score(["horse", "leg"], boxes, 400, 300, [(0, 1), (1, 0)], ["has", "of"])
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]


def test_graph_relations_are_few_sure_and_one_a_pair(reader: RelationClassifier) -> None:
    objects = [
        Detection("person", 0.9, "test", RIDER),
        Detection("tie", 0.9, "test", (130, 80, 145, 130)),
        Detection("person", 0.9, "test", (0, 0, 20, 40)),
        Detection("kite", 0.9, "test", None),
    ]
    found = reader(objects, 400, 300)
    assert ("wearing", 0, 1) in [(one.predicate, one.subject, one.object) for one in found]
    pairs = [(one.subject, one.object) for one in found]
    assert len(pairs) == len(set(pairs)) <= MAX_RELATIONS
    assert all(3 not in pair for pair in pairs)
    assert all(one.score >= reader.threshold for one in found)
    assert found == reader(objects, 400, 300)


def test_nothing_relates_where_there_is_one_object(reader: RelationClassifier) -> None:
    assert reader([Detection("dog", 0.9, "test", RIDER)], 400, 300) == []


def test_a_place_far_away_makes_a_relation_less_likely(reader: RelationClassifier) -> None:
    far: Box = Box(0, 0, 40, 90)
    near = reader.score(["person", "horse"], [RIDER, HORSE], 400, 300, [(0, 1)], ["riding"])
    apart = reader.score(["person", "horse"], [far, HORSE], 400, 300, [(0, 1)], ["riding"])
    assert torch.isfinite(near).all()
    assert float(near) > float(apart)


def test_names_decide_between_in_and_on(reader: RelationClassifier) -> None:
    objects = [
        Detection(label, 0.9, "test", RIDER)
        for label in ("cup", "dining table", "banana", "bowl", "dog", "car")
    ]
    found = reader.supports([*objects, Detection("kite", 0.9, "test", None)])
    assert len(found) == 6 * 5
    assert found[0, 1].on > 0.5 > found[0, 1].inside
    assert found[2, 3].inside > 0.5 > found[2, 3].on
    assert found[4, 5].inside > 0.5
    assert reader.supports(objects[:1]) == {}

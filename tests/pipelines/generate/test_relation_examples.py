"""pipelines/generate/relation_examples.py: captions' relations between objects that were seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.graph import Box, Node, PhotoInfo, SceneGraph
from kg.vocabulary import NodeKind
from pipelines.datasets.captioned import Captioned
from pipelines.generate.relation_examples import seen_photos
from pipelines.reading.triples import IS, Triple

SAID: dict[str, list[Triple]] = {
    "A man rides a brown horse.": [("man", "rides", "horse"), ("horse", IS, "brown")],
    "The hat is worn by him.": [("hat", "worn by", "man")],
    "A man near a tree.": [("man", "near", "tree")],
}


def graph() -> SceneGraph:
    """A person on the left of two horses, the first of them nearer; a hat without a box."""
    found = SceneGraph(PhotoInfo("field.jpg", 300, 200))
    boxes = {"person": (10, 10, 60, 120), "horse": (40, 60, 140, 180)}
    for number, (label, box) in enumerate(boxes.items()):
        found.add(Node(f"object:{number}", NodeKind.OBJECT, label, "test", 0.9, Box(*box)))
    found.add(Node("object:2", NodeKind.OBJECT, "horse", "test", 0.9, Box(220, 60, 290, 180)))
    found.add(Node("object:3", NodeKind.OBJECT, "hat", "test", 0.9))
    return found


@pytest.mark.parametrize("captions", [tuple(SAID), tuple(SAID) * 2])
def test_relations_join_the_nearest_objects_with_boxes_once(captions: tuple[str, ...]) -> None:
    photograph = Captioned("field.jpg", Path("field.jpg"), "train", captions)
    (photo,), (said,) = seen_photos([(photograph, graph())], SAID.__getitem__)
    assert photo.labels == ("person", "horse", "horse")
    assert (photo.width, photo.height) == (300, 200)
    assert photo.relations == ((0, "ride", 1),)
    assert said == [("man", "ride", "horse"), ("hat", "wear by", "man"), ("man", "near", "tree")]


def test_a_photograph_without_a_stated_relation_still_teaches_words() -> None:
    photograph = Captioned("field.jpg", Path("field.jpg"), "train", ("A man near a tree.",))
    assert seen_photos([(photograph, graph())], SAID.__getitem__) == (
        [],
        [[("man", "near", "tree")]],
    )

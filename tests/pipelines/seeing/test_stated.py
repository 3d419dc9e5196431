"""pipelines/seeing/stated.py: what a file states comes before what is guessed."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from kg.knowledge.facts import KnowledgeGraph
from kg.knowledge.memory import Knowledge
from pipelines.build.builder import GraphBuilder
from pipelines.detections import (
    HAS_COLOUR,
    Detection,
    PerceivedAttribute,
    PerceivedRelation,
    PerceptionResult,
)
from pipelines.detectors.precomputed import PrecomputedDetector
from pipelines.photo import Photo
from pipelines.seeing.nothing import NoDetector, NoPerception
from pipelines.seeing.stated import stated_by

PHOTO = Photo(Image.new("RGB", (100, 80)), "kitchen.jpg")
BOX = {"x": 1, "y": 2, "w": 30, "h": 40}


class Guesses:
    """A perception that says the same of whatever it is shown."""

    def __call__(self, photo: Photo, objects: list[Detection]) -> PerceptionResult:
        guessed = (
            PerceivedAttribute(HAS_COLOUR, "red", 0.6, "colours"),
            PerceivedAttribute("has size", "large", 0.6, "geometry"),
        )
        relations = [PerceivedRelation(0, "under", 1, 0.4), PerceivedRelation(1, "under", 0, 0.4)]
        return PerceptionResult((guessed,) * len(objects), tuple(relations))

    def edited(self, knowledge: KnowledgeGraph) -> Guesses:
        return self


def scene_graph(folder: Path) -> PrecomputedDetector:
    objects = [
        {"object_id": 5, "names": ["cat"], "attributes": ["gray", "furry"], **BOX},
        {"object_id": 6, "names": ["rug"], **BOX},
    ]
    relations = [{"predicate": "ON", "subject_id": 5, "object_id": 6}]
    photo = {"image_id": 1, "objects": objects, "relationships": relations}
    (folder / "vg.json").write_text(json.dumps([photo]))
    return PrecomputedDetector(folder / "vg.json")


def test_stated_words_and_relations_replace_guesses_about_the_same(tmp_path: Path) -> None:
    detector = scene_graph(tmp_path)
    objects = detector(PHOTO)
    found = stated_by(detector, Guesses()).edited(Knowledge())(PHOTO, objects)
    assert [[one.label for one in each] for each in found.attributes] == [
        ["grey", "furry", "large"],
        ["red", "large"],
    ]
    assert [(one.subject, one.predicate, one.object, one.score) for one in found.relations] == [
        (0, "on", 1, 1.0),
        (1, "under", 0, 0.4),
    ]


def test_they_reach_the_graph_with_the_file_as_their_origin(tmp_path: Path) -> None:
    detector = scene_graph(tmp_path)
    objects = detector(PHOTO)
    found = stated_by(detector, NoPerception())(PHOTO, objects)
    graph = GraphBuilder(Knowledge())(objects, None, None, found)
    edges = {(one.source, one.relation, one.target): one.origin for one in graph.edges()}
    assert edges["object:0", "on", "object:1"] == "precomputed"
    assert edges["object:0", HAS_COLOUR, "seen:grey"] == "precomputed"


def test_other_detectors_state_nothing() -> None:
    perception = NoPerception()
    assert stated_by(NoDetector(), perception) is perception

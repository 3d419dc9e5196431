"""pipelines/seeing/perception.py and scenes.py: everything that is seen of a photograph."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.graph import PhotoInfo
from kg.knowledge.memory import Knowledge
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.build.builder import GraphBuilder
from pipelines.detections import HAS_COLOUR, MAY_BE_MADE_OF, MAY_HAVE_SHAPE, strongest
from pipelines.detectors import Detector, make_detector
from pipelines.photo import Photo
from pipelines.seeing.classifiers import SceneClassifier
from pipelines.seeing.perception import Perception, PerceptionModels


@pytest.fixture(scope="module")
def detector() -> Detector:
    return make_detector("bundled")


@pytest.fixture(scope="module")
def perception() -> Perception:
    return Perception(Knowledge.bundled(), PerceptionModels())


def test_each_object_has_what_is_seen_of_it(perception: Perception, detector: Detector) -> None:
    photo = Photo.open("example:motorcycle")
    objects = strongest(detector(photo))
    seen = perception(photo, objects)
    assert len(seen.attributes) == len(objects)
    told = {(one.relation, one.label, one.origin) for one in seen.attributes[0]}
    assert (HAS_COLOUR, "red", "colours") in told
    assert (MAY_BE_MADE_OF, "metal", "knowledge") in told
    assert "parking lot" in [one.label for one in seen.scenes]
    assert perception(photo, objects) == seen


def test_priors_are_of_things_that_are_made(perception: Perception, detector: Detector) -> None:
    photo = Photo.open("example:cat")
    seen = perception(photo, strongest(detector(photo)))
    relations = {one.relation for each in seen.attributes for one in each}
    assert HAS_COLOUR in relations
    assert not relations & {MAY_BE_MADE_OF, MAY_HAVE_SHAPE}


def test_what_is_seen_becomes_nodes_and_edges(
    perception: Perception, detector: Detector, builder: GraphBuilder
) -> None:
    photo = Photo.open("example:motorcycle")
    objects = strongest(detector(photo))
    info = PhotoInfo(photo.source, photo.width, photo.height)
    graph = builder(objects, info, perceived=perception(photo, objects))
    red = graph.node("seen:red")
    assert red.kind == NodeKind.ATTRIBUTE
    (edge,) = graph.edges_between("object:0", red.id)
    assert (edge.kind, edge.relation, edge.origin) == (EdgeKind.SEMANTIC, HAS_COLOUR, "colours")
    assert any(one.kind == EdgeKind.LINK for one in graph.edges_from(red.id))
    assert graph.nodes(NodeKind.SCENE)[0].label == "parking lot"
    guessed = {e.score for e in graph.edges_from("object:0") if e.relation == MAY_BE_MADE_OF}
    assert guessed
    assert max(guessed) < 1


def test_another_detector_may_find_the_objects(detector: Detector) -> None:
    photo = Photo.open("example:motorcycle")
    seen = Perception(Knowledge.bundled())(photo, strongest(detector(photo)))
    assert seen.scenes


def test_a_folder_without_a_scene_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="scenes"):
        SceneClassifier(tmp_path)

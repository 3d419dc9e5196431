"""graph_fusion/converters/chains.py: scene graphs and RDF through PyG's data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import XSD, BNode, Dataset, Graph, Literal, Namespace

from graph_fusion.converters import (
    data_to_rdf,
    data_to_scene,
    hetero_to_rdf,
    hetero_to_scene,
    rdf_to_data,
    rdf_to_hetero,
    scene_to_data,
    scene_to_hetero,
)
from kg.errors import SightGraphError
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

EX = Namespace("http://example.org/")
EXAMPLES = settings(max_examples=20)
texts = st.text(max_size=3)
scores = st.floats(0, 1)
seconds = st.floats(0, 1e4)
intervals = st.lists(st.tuples(seconds, seconds).map(sorted).map(tuple), max_size=2).map(tuple)
boxes = st.none() | st.tuples(scores, scores, scores, scores)


@st.composite
def scenes(draw: st.DrawFn) -> SceneGraph:
    photo = draw(st.none() | st.builds(PhotoInfo, texts, st.integers(1, 9), st.integers(1, 9)))
    scene = SceneGraph(photo, draw(st.none() | texts))
    place = st.integers(0, 9 if scene.text is None else len(scene.text))
    spans = st.none() | st.tuples(place, place).map(sorted).map(tuple)
    names = draw(st.lists(texts, unique=True, max_size=5))
    kinds = st.sampled_from(NodeKind)
    for name in names:
        fields = (st.just(name), kinds, texts, texts, scores, boxes, spans, intervals)
        scene.add(draw(st.builds(Node, *fields)))
    if names:
        ends, via = st.sampled_from(names), st.lists(texts, max_size=2).map(tuple)
        edge = st.builds(
            Edge,
            *(ends, ends, st.sampled_from(EdgeKind), texts, texts, scores, spans, via),
            intervals=intervals,
        )
        for one in draw(st.lists(edge, max_size=5)):
            scene.connect(one)
    return scene


terms = st.sampled_from([EX.a, EX.b, EX.C, BNode("n")])
literals = st.builds(Literal, st.integers() | st.floats() | texts) | st.builds(
    Literal, texts, lang=st.sampled_from(["en", "de"])
)
predicates = st.sampled_from([EX.p, EX.q, XSD.string])
triples = st.lists(st.tuples(terms, predicates, terms | literals), max_size=6)


@pytest.mark.parametrize(
    ("there", "back"), [(scene_to_hetero, hetero_to_scene), (scene_to_data, data_to_scene)]
)
@EXAMPLES
@given(scene=scenes())
def test_a_scene_comes_back_with_every_field_and_the_order(
    there: Callable[[Any], Any], back: Callable[[Any], Any], scene: SceneGraph
) -> None:
    again = back(there(scene))
    assert again == scene
    assert again.nodes() == scene.nodes()
    assert again.edges() == scene.edges()


@pytest.mark.parametrize(
    ("there", "back"), [(rdf_to_hetero, hetero_to_rdf), (rdf_to_data, data_to_rdf)]
)
@EXAMPLES
@given(default=triples, named=triples, many=st.booleans())
def test_rdf_comes_back_triple_by_triple(
    there: Callable[[Any], Any],
    back: Callable[[Any], Any],
    default: list[Any],
    named: list[Any],
    many: bool,
) -> None:
    rdf = Dataset() if many else Graph()
    for triple in default:
        rdf.add(triple)
    for triple in named:
        (rdf.graph(EX.g) if isinstance(rdf, Dataset) else rdf).add(triple)
    again = back(there(rdf))
    assert type(again) is type(rdf)
    assert set(again) == set(rdf)
    assert dict(again.namespaces()) == dict(rdf.namespaces())


def test_boxes_and_scores_of_a_scene_are_tensors_to_learn_from() -> None:
    scene = SceneGraph(PhotoInfo("cat.jpg", 640, 480))
    for number, label in enumerate(["cat", "mat"]):
        box = (1.0, 2.0, 3.0, 4.5 + number)
        scene.add(Node(f"object:{number}", NodeKind.OBJECT, label, "bundled", 0.5, box))
    scene.add(Node("sg:cat", NodeKind.CONCEPT, "cat", "animals.ttl"))
    scene.connect(Edge("object:0", "object:1", EdgeKind.SPATIAL, "left of", "geometry", 0.75))
    data = scene_to_hetero(scene)
    assert data["object"].box.tolist() == [[1, 2, 3, 4.5], [1, 2, 3, 5.5]]
    assert data["object", "left of", "object"].score.tolist() == [0.75]
    assert "box" not in data["concept"]
    data["object"].score = torch.tensor([0.25, 0.125], dtype=torch.float64)
    assert [node.score for node in hetero_to_scene(data).nodes()] == [0.25, 0.125, 1.0]
    data["object"].logit = torch.zeros(2)
    with pytest.raises(SightGraphError, match="'logit'"):
        hetero_to_scene(data)


def test_numbers_of_rdf_are_tensors_by_datatype() -> None:
    rdf = Graph()
    rdf.bind("ex", EX)
    for name, legs in (("cat", 4), ("hen", 2)):
        rdf.add((EX[name], EX.legs, Literal(legs)))
    data = rdf_to_hetero(rdf)
    assert sorted(data["xsd:integer"].value.tolist()) == [2, 4]
    assert data["resource", "ex:legs", "xsd:integer"].edge_index.shape == (2, 2)

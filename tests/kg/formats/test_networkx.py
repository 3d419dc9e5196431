"""kg/formats/networkx.py: a scene graph as plain networkx and as RDF comes back equal."""

from __future__ import annotations

import io
import json

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SightGraphError
from kg.formats.networkx import from_networkx, from_rdf, to_networkx, to_rdf
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

EXAMPLES = settings(max_examples=30)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
scores = st.floats(0, 1) | st.integers(0, 1)

numbers = st.floats(-1e6, 1e6) | st.integers(0, 640)
seconds = st.floats(0, 1e4)
intervals = st.lists(st.tuples(seconds, seconds).map(sorted).map(tuple), max_size=2).map(tuple)
boxes = st.none() | st.tuples(numbers, numbers, numbers, numbers)
photos = st.none() | st.builds(
    PhotoInfo, texts, st.integers(1, 9999), st.integers(1, 9999), texts, st.floats(0, 1e5)
)


@st.composite
def scenes(draw: st.DrawFn) -> SceneGraph:
    scene = SceneGraph(draw(photos), draw(st.none() | texts))
    place = st.integers(0, 99 if scene.text is None else len(scene.text))
    spans = st.none() | st.tuples(place, place).map(sorted).map(tuple)
    names = draw(st.lists(texts | st.builds("https://e.org/{}".format, texts), unique=True))
    kinds = st.sampled_from(NodeKind)
    for name in names:
        fields = (st.just(name), kinds, texts, texts, scores, boxes, spans, intervals)
        scene.add(draw(st.builds(Node, *fields)))
    if names:
        ends, via = st.sampled_from(names), st.lists(texts, max_size=3).map(tuple)
        edge = st.builds(
            Edge,
            *(ends, ends, st.sampled_from(EdgeKind), texts, texts, scores, spans, via),
            intervals=intervals,
        )
        for one in draw(st.lists(edge, max_size=6)):
            scene.connect(one)
    return scene


@EXAMPLES
@given(scene=scenes())
def test_networkx_round_trip_keeps_every_field_and_the_order(scene: SceneGraph) -> None:
    again = from_networkx(to_networkx(scene))
    assert again == scene
    assert again.nodes() == scene.nodes()
    assert again.edges() == scene.edges()


@EXAMPLES
@given(scene=scenes())
def test_rdf_round_trip_keeps_every_field(scene: SceneGraph) -> None:
    again = from_rdf(to_rdf(scene))
    assert again == scene
    assert sorted(again.edges(), key=repr) == sorted(scene.edges(), key=repr)


@EXAMPLES
@given(scene=scenes())
def test_every_attribute_is_plain_so_that_other_tools_can_use_it(scene: SceneGraph) -> None:
    plain = to_networkx(scene)
    tables = [plain.graph, *plain.nodes.values(), *plain.edges.values()]
    kinds = {type(value) for attributes in tables for value in attributes.values()}
    assert kinds <= {str, int, float, tuple}
    assert all(json.dumps(attributes) for attributes in tables)


@pytest.fixture
def scene() -> SceneGraph:
    scene = SceneGraph(PhotoInfo("kitchen.jpg", 64, 48), "What is it used for?")
    cup = scene.add(Node("object:0", NodeKind.OBJECT, "cup", "bundled", 0.9))
    use = scene.add(Node("sg:drinking", NodeKind.CONCEPT, "drinking", "kitchen.ttl"))
    scene.connect(Edge(cup.id, use.id, EdgeKind.FACT, "used for", "kitchen.ttl", via=("dish",)))
    return scene


def test_a_deleted_edge_leaves_the_keys_of_its_neighbours() -> None:
    scene = SceneGraph()
    scene.add(Node("a", NodeKind.OBJECT, "a", "x"))
    for relation in ("on", "near"):
        scene.connect(Edge("a", "a", EdgeKind.SPATIAL, relation, "geometry"))
    scene.networkx.remove_edge("a", "a", 0)
    assert list(to_networkx(scene).edges(keys=True)) == [("a", "a", 1)]


def test_graphml_takes_the_plain_graph_where_no_attribute_is_a_tuple(scene: SceneGraph) -> None:
    plain = to_networkx(scene)
    for edge in plain.edges.values():
        edge.pop("via")
    file = io.BytesIO()
    nx.write_graphml(plain, file)
    assert b"used for" in file.getvalue()


def test_what_a_scene_graph_has_no_field_for_is_refused_and_not_dropped(scene: SceneGraph) -> None:
    plain = to_networkx(scene)
    plain.nodes["object:0"]["logit"] = 0.5
    with pytest.raises(SightGraphError, match="'object:0' has the attribute 'logit'"):
        from_networkx(plain)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (nx.Graph(), "is directed"),
        (nx.MultiDiGraph(name="x"), "the graph has the attribute 'name'"),
        (nx.MultiDiGraph(photo_width=4), "lacks the attribute 'photo_source'"),
        (nx.MultiDiGraph([(1, 2)]), "must have a text as its id"),
        (nx.MultiDiGraph([("a", "b")]), "'a' lacks the attribute 'kind'"),
    ],
)
def test_a_graph_that_is_no_scene_graph_is_refused_with_the_place(
    broken: nx.Graph, message: str
) -> None:
    with pytest.raises(SightGraphError, match=message):
        from_networkx(broken)


def test_an_unknown_kind_is_refused_with_the_node(scene: SceneGraph) -> None:
    plain = to_networkx(scene)
    plain.nodes["object:0"]["kind"] = "ghost"
    with pytest.raises(SightGraphError, match="'object:0' is no part of a scene graph: 'ghost'"):
        from_networkx(plain)

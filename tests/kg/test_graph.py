"""The one graph: nodes and edges by kind, parallel edges, equality, deletion."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from kg.graph import Box, Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

IDS = st.sampled_from(["a", "b", "c", "d"])
NODES = st.builds(Node, IDS, st.sampled_from(NodeKind), st.text(max_size=3), st.just("test"))
EDGES = st.builds(
    Edge, IDS, IDS, st.sampled_from(EdgeKind), st.sampled_from(["on", "near"]), st.just("test")
)


def two_objects() -> SceneGraph:
    graph = SceneGraph(PhotoInfo("example:cat", 451, 300), "Is it a cat?")
    graph.add(Node("object:0", NodeKind.OBJECT, "cat", "test", 0.9, box=(1.0, 2.0, 30.0, 40.0)))
    graph.add(Node("object:1", NodeKind.OBJECT, "couch", "test", 0.5))
    return graph


def filled(nodes: list[Node], edges: list[Edge]) -> SceneGraph:
    graph = SceneGraph()
    for node in nodes:
        graph.add(node)
    for edge in edges:
        if edge.source in graph and edge.target in graph:
            graph.connect(edge)
    return graph


def on(graph: SceneGraph, relation: str = "on") -> Edge:
    return graph.connect(Edge("object:0", "object:1", EdgeKind.SPATIAL, relation, "geometry"))


def test_first_node_of_an_id_stays() -> None:
    graph = two_objects()
    kept = graph.add(Node("object:0", NodeKind.OBJECT, "dog", "test"))
    assert kept.label == graph.node("object:0").label == "cat"
    assert len(graph) == 2


def test_nodes_and_edges_are_given_by_kind_in_order_of_insertion() -> None:
    graph = two_objects()
    graph.add(Node("sg:cat", NodeKind.CONCEPT, "cat", "animals.ttl"))
    on(graph)
    link = graph.connect(Edge("object:0", "sg:cat", EdgeKind.LINK, "means", "linker"))
    assert [node.id for node in graph.nodes()] == ["object:0", "object:1", "sg:cat"]
    assert [node.id for node in graph.nodes(NodeKind.OBJECT)] == ["object:0", "object:1"]
    assert graph.edges(EdgeKind.LINK) == [link]


def test_parallel_edges_are_kept_and_equal_ones_added_once() -> None:
    graph = two_objects()
    first, second = on(graph), on(graph, "near")
    on(graph)
    assert graph.edges_between("object:0", "object:1") == [first, second]
    assert graph.edges_from("object:0") == graph.edges_to("object:1") == [first, second]
    assert graph.edges_between("object:1", "object:0") == []


def test_edge_to_a_missing_node_names_it_and_changes_nothing() -> None:
    graph = two_objects()
    with pytest.raises(SightGraphError, match="needs the node 'object:7'"):
        graph.connect(Edge("object:0", "object:7", EdgeKind.SPATIAL, "on", "geometry"))
    assert graph == two_objects()


def test_missing_node_is_named() -> None:
    with pytest.raises(SightGraphError, match="no node 'object:7'"):
        two_objects().node("object:7")


def test_without_drops_only_the_named_edge_and_leaves_the_original() -> None:
    graph = two_objects()
    dropped, kept = on(graph), on(graph, "near")
    smaller = graph.without(dropped)
    assert smaller.edges() == [kept]
    assert smaller.nodes() == graph.nodes()
    assert (smaller.photo, smaller.text) == (graph.photo, graph.text)
    assert graph.edges() == [dropped, kept]


def test_graphs_with_other_photo_text_node_or_edge_differ() -> None:
    graph = two_objects()
    other_photo, other_text = two_objects(), two_objects()
    other_photo.photo = PhotoInfo("example:cat", 451, 301)
    other_text.text = "Is it a dog?"
    more_nodes, more_edges = two_objects(), two_objects()
    more_nodes.add(Node("object:2", NodeKind.OBJECT, "cat", "test"))
    on(more_edges)
    for other in (other_photo, other_text, more_nodes, more_edges, "two objects"):
        assert graph != other
    assert graph == two_objects()


def test_nodes_and_edges_cannot_be_changed_in_place() -> None:
    node = two_objects().node("object:0")
    with pytest.raises(FrozenInstanceError):
        node.label = "dog"  # type: ignore[misc]


@given(st.lists(NODES), st.lists(EDGES), st.randoms(use_true_random=False))
def test_equality_ignores_the_order_of_edges(nodes: list[Node], edges: list[Edge], random) -> None:
    shuffled = random.sample(edges, len(edges))
    assert filled(nodes, edges) == filled(nodes, shuffled)


@given(st.lists(NODES), st.lists(EDGES))
def test_without_every_edge_leaves_the_nodes(nodes: list[Node], edges: list[Edge]) -> None:
    graph = filled(nodes, edges)
    assert graph.without() == graph
    bare = graph.without(*graph.edges())
    assert bare.edges() == []
    assert bare.nodes() == graph.nodes()


@given(st.lists(NODES), st.lists(EDGES))
def test_edges_from_and_to_agree_with_all_edges(nodes: list[Node], edges: list[Edge]) -> None:
    graph = filled(nodes, edges)
    every = set(graph.edges())
    assert every == {edge for node in graph.nodes() for edge in graph.edges_from(node.id)}
    assert every == {edge for node in graph.nodes() for edge in graph.edges_to(node.id)}
    assert len(graph.edges()) == len(every)


corners = st.lists(st.floats(0, 1000), min_size=4, max_size=4)


@given(corners, corners)
def test_measures_of_two_boxes_do_not_depend_on_their_order(a: list[float], b: list[float]) -> None:
    one, other = (Box(min(x, x2), min(y, y2), max(x, x2), max(y, y2)) for x, y, x2, y2 in (a, b))
    assert one.intersection(other) == other.intersection(one) <= min(one.area, other.area)
    assert one.iou(other) == pytest.approx(other.iou(one))
    assert 0 <= one.iou(other) <= 1 + 1e-9
    assert one.gap(other) == other.gap(one)
    assert not (one.gap(other) and one.intersection(other))


def test_a_node_takes_any_four_numbers_as_its_box() -> None:
    node = Node("object:0", NodeKind.OBJECT, "cat", "test", box=(1, 2, 4, 6))
    assert node.box == Box(1, 2, 4, 6) == (1, 2, 4, 6)
    assert node.box.area == 12
    assert node.box.centre == (2.5, 4.0)

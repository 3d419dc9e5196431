"""graph_fusion/converters: any networkx graph through HeteroData and Data comes back the same."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from torch_geometric import transforms
from torch_geometric.data import Batch

from graph_fusion.converters import from_data, from_hetero, to_data, to_hetero

Converter = tuple[Callable[[Any], Any], Callable[[Any], Any]]
BOTH = pytest.mark.parametrize(
    "way", [(to_hetero, from_hetero), (to_data, from_data)], ids=["hetero", "data"]
)
EXAMPLES = settings(max_examples=40)
FEW = settings(max_examples=15)

texts = st.text(max_size=4)
numbers = (
    st.floats()
    | st.integers()
    | st.integers(-5, 5)
    | st.booleans()
    | st.sampled_from([-0.0, 2**70])
)
dtypes = st.sampled_from(
    ["f2", "f4", "f8", "i1", "i8", "u1", "u2", "?", "c8", ">f8", "U3", "M8[s]"]
)
arrays = dtypes.flatmap(lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, max_side=2)))
scalars = st.sampled_from([np.float32(0.1), np.float64("nan"), np.int64(-3), np.bool_(True)])
plain = numbers | texts | st.none() | scalars | arrays
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(texts, inner, max_size=2)
    ),
    max_leaves=4,
)
uniform = st.sampled_from(
    [
        st.floats(),
        st.integers(-(2**63), 2**63 - 1),
        st.booleans(),
        st.tuples(st.floats(), st.floats()),
        st.lists(st.integers(0, 9), min_size=2, max_size=2),
        npst.arrays("f4", 3),
        npst.arrays("u1", (2, 2)),
        npst.arrays("?", ()),
        st.floats(width=32).map(np.float32),
        st.floats(width=32).map(lambda x: torch.tensor([x, 1.0])),
    ]
)
PYG_NAMES = [
    *("x", "y", "pos", "batch", "ptr", "edge_index", "num_nodes", "num_edges", "adj_t", "face"),
    *("edge_attr", "edge_weight", "node_type", "edge_type", "index", "my_batch", "keys", "items"),
    *(
        "origin",
        "schema",
        "node_row",
        "edge_row",
        "_parent",
        "_mapping",
        "",
        "a__b",
        "n_id",
        "time",
    ),
    *("edge_label_index", "x_dict", "size", "w", "edge_w", "link_w", "w_column", "label", "score"),
]
names = st.sampled_from(PYG_NAMES) | texts | st.integers(0, 2) | st.none() | st.just((1, "a"))
TYPES = [
    "object",
    "a__b",
    "a_b",
    "",
    "node",
    "to",
    "origin",
    "x",
    "left of",
    "_",
    "1",
    "a.b",
    "type",
]
types = st.sampled_from(TYPES) | st.sampled_from([1, True, None, 1.0, 7, (2,)])
ids = texts | st.integers() | st.tuples(st.integers(0, 3), texts) | st.floats() | st.booleans()


@st.composite
def attributes(draw: st.DrawFn, shared: dict[Any, Any], typed: str) -> dict[Any, Any]:
    """Attributes of one node or edge: what all share, what only some have, and a type."""
    own = draw(st.dictionaries(names, values, max_size=2))
    own |= {name: draw(kind) for name, kind in shared.items() if draw(st.integers(0, 9))}
    if draw(st.integers(0, 3)):
        own[typed] = draw(types)
    return own


@st.composite
def graphs(draw: st.DrawFn) -> nx.Graph[Any]:
    kinds = [nx.MultiDiGraph, nx.MultiDiGraph, nx.DiGraph, nx.Graph, nx.MultiGraph]
    graph = draw(st.sampled_from(kinds))()
    graph.graph.update(draw(st.dictionaries(names, values, max_size=3)))
    shared = draw(st.dictionaries(names, uniform, max_size=3))
    nodes = draw(st.lists(ids, max_size=5, unique=True))
    for node in nodes:
        graph.add_node(node)
        graph.nodes[node].update(draw(attributes(shared, "kind")))
    keys = texts | st.integers(0, 3) | st.tuples(texts)
    for _ in range(draw(st.integers(0, 7)) if nodes else 0):
        pair = draw(st.sampled_from(nodes)), draw(st.sampled_from(nodes))
        key = (draw(keys),) if graph.is_multigraph() else ()
        graph.add_edge(*pair, *key)
        graph.edges[(*pair, *key)].update(draw(attributes(shared, "relation")))
    return graph


def same(one: Any, other: Any) -> bool:
    """Whether two values are of the same types and bits all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and _bits(one) == _bits(other)
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and same(one.numpy(), other.numpy())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


def _bits(array: Any) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def assert_same(graph: nx.Graph[Any], again: nx.Graph[Any]) -> None:
    assert type(again) is type(graph)
    assert same(dict(again.graph), dict(graph.graph))
    assert same([*again.nodes], [*graph.nodes])
    assert all(same(again.nodes[node], graph.nodes[node]) for node in graph)
    assert same([*again.edges], [*graph.edges])  # with keys, in order
    assert all(same(again.edges[edge], graph.edges[edge]) for edge in graph.edges)


@BOTH
@EXAMPLES
@given(graph=graphs())
def test_round_trip_keeps_ids_keys_order_types_and_every_attribute(
    way: Converter, graph: nx.Graph[Any]
) -> None:
    there, back = way
    untouched = copy.deepcopy(graph)
    data = there(graph)
    assert_same(graph, back(data))
    assert_same(graph, untouched)


@BOTH
@FEW
@given(graph=graphs())
def test_clone_to_a_device_and_contiguous_keep_everything(
    way: Converter, graph: nx.Graph[Any]
) -> None:
    there, back = way
    assert_same(graph, back(there(graph).clone().to("cpu").contiguous()))


@BOTH
@FEW
@given(graph=graphs(), count=st.integers(1, 3))
def test_a_batch_falls_apart_into_the_same_graphs(
    way: Converter, graph: nx.Graph[Any], count: int
) -> None:
    there, back = way
    batch = Batch.from_data_list([there(graph) for _ in range(count)])
    for one in batch.to_data_list():
        assert_same(graph, back(one))


@EXAMPLES
@given(graph=graphs())
def test_pyg_validates_merges_and_mirrors_any_hetero_data(graph: nx.Graph[Any]) -> None:
    data = to_hetero(graph)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a type without edges, which is meant
        assert data.validate()
    merged = data.to_homogeneous()
    assert merged.num_nodes == len(graph)
    assert sorted(merged.node_row.tolist()) == list(range(len(graph)))
    assert transforms.ToUndirected()(data.clone()).num_nodes == len(graph)


@FEW
@given(graph=graphs())
def test_pyg_validates_and_mirrors_any_data(graph: nx.Graph[Any]) -> None:
    data = to_data(graph)
    assert data.validate()
    mirrored = transforms.ToUndirected()(data.clone())
    assert mirrored.is_undirected()
    assert mirrored.num_nodes == len(graph)


@FEW
@given(graph=graphs(), chosen=st.sets(st.integers(0, 4)))
def test_a_subgraph_of_the_data_is_the_subgraph_of_the_graph(
    graph: nx.Graph[Any], chosen: set[int]
) -> None:
    rows = {row for row in chosen if row < len(graph)}
    expected = graph.subgraph([node for row, node in enumerate(graph) if row in rows])
    data = to_hetero(graph)
    kept = {
        kind: torch.tensor([row in rows for row in data[kind].node_row.tolist()], dtype=torch.bool)
        for kind in data.node_types
    }
    assert_same_contents(expected, from_hetero(data.subgraph(kept)))


def assert_same_contents(graph: nx.Graph[Any], again: nx.Graph[Any]) -> None:
    """As `assert_same`, but a view of a subgraph orders its edges as it likes."""
    assert same(dict(again.graph), dict(graph.graph))
    assert same(dict(again.nodes(data=True)), dict(graph.nodes(data=True)))
    assert len(again.edges) == len(graph.edges)
    assert all(same(again.edges[edge], graph.edges[edge]) for edge in graph.edges)


@BOTH
def test_parallel_edges_self_loops_and_isolated_nodes_come_back(way: Converter) -> None:
    there, back = way
    graph = nx.MultiDiGraph(name="g")
    graph.add_nodes_from(["alone", "a", "b"])
    graph.add_edge("a", "b", key="first", relation="on")
    graph.add_edge("a", "b", key="second", relation="on")
    graph.add_edge("a", "b", relation="near", how=None)
    graph.add_edge("a", "a", relation="on")
    assert_same(graph, back(there(graph)))


@BOTH
@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
def test_the_empty_graph_comes_back_as_its_kind(way: Converter, kind: type) -> None:
    there, back = way
    assert_same(kind(), back(there(kind())))


@BOTH
def test_the_numbers_of_one_type_are_tensors_and_all_else_is_not(way: Converter) -> None:
    there, _ = way
    graph = nx.DiGraph()
    graph.add_node(0, f=0.1, i=1, b=True, mixed=1, huge=2**70, some=1.0, box=(1.0, 2.0))
    graph.add_node(1, f=-0.0, i=2, b=False, mixed=2.5, huge=1, box=(3.0, 4.0))
    data = there(graph)
    store = data["node"] if "node" in getattr(data, "node_types", ()) else data
    assert (store.f.dtype, store.i.dtype, store.b.dtype) == (
        torch.float64,
        torch.int64,
        torch.bool,
    )
    assert store.box.shape == (2, 2)
    assert list(store.mixed) == [1, 2.5]
    assert list(store.huge) == [2**70, 1]
    assert store.some.at(store.node_row) == [1.0, None]


@BOTH
def test_undirected_edges_carry_messages_both_ways_and_come_back_once(way: Converter) -> None:
    there, back = way
    graph = nx.Graph()
    graph.add_edge("a", "b", relation="near", weight=0.5)
    graph.add_edge("a", "a", relation="near", weight=0.25)
    data = there(graph)
    store = data["node", "near", "node"] if "near" in str(data) else data
    assert sorted(store.edge_index.t().tolist()) == [[0, 0], [0, 1], [1, 0]]
    assert_same(graph, back(data))


@BOTH
@pytest.mark.parametrize("numbers", [(-1, -2), (0.5, float("nan")), (True, False)], ids=repr)
def test_no_name_of_pyg_is_taken_for_what_pyg_means_by_it(
    way: Converter, numbers: tuple[float, float]
) -> None:
    for name in PYG_NAMES:
        check_that_a_name_is_no_keyword(way, name, numbers)


def check_that_a_name_is_no_keyword(
    way: Converter, name: str, numbers: tuple[float, float]
) -> None:
    there, back = way
    graph = nx.MultiDiGraph()
    graph.graph[name] = numbers[0]
    for node, number in zip("ab", numbers, strict=True):
        graph.add_node(node)
        graph.nodes[node][name] = number
    for end, number in zip("ba", numbers, strict=True):
        graph.add_edge("a", end)
        graph.edges["a", end, 0][name] = number
    data = there(graph)
    for one in Batch.from_data_list([data, data, data]).to_data_list():
        assert_same(graph, back(one))
    merged = data.to_homogeneous() if way[0] is to_hetero else data
    assert (merged.num_nodes, merged.num_edges) == (2, 2)
    assert merged.node_row.tolist() == merged.edge_row.tolist() == [0, 1]
    mirrored = back(transforms.ToUndirected()(data.clone()))
    assert same(dict(mirrored.nodes(data=True)), dict(graph.nodes(data=True)))

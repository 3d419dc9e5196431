"""graph_fusion/converters/hetero.py: types, learning on them, and what comes back after changes."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch_geometric import nn as pyg
from torch_geometric import transforms
from torch_geometric.data import Batch, Data, HeteroData
from torch_geometric.nn import to_hetero as hetero_model

from graph_fusion.converters import Column, from_hetero, to_hetero
from kg.errors import SightGraphError


@pytest.fixture
def graph() -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph(text="Is the cat on the mat?")
    graph.add_node("cat:0", kind="object", label="cat", x=np.float32([1, 2]), score=0.9)
    graph.add_node("mat:0", kind="object", label="mat", x=np.float32([3, 4]), score=0.8)
    graph.add_node("pet", kind="concept", label="pet", x=np.float32([5, 6]), note=None)
    graph.add_edge("cat:0", "mat:0", relation="left of", score=0.5)
    graph.add_edge("cat:0", "pet", relation="means", score=1)
    graph.add_edge("mat:0", "cat:0", relation="left of", score=0.25)
    return graph


def contents(graph: nx.Graph) -> tuple[list, list]:
    return list(graph.nodes(data=True)), list(graph.edges(data=True))


def test_kinds_and_relations_are_the_types_of_the_data(graph: nx.MultiDiGraph) -> None:
    data = to_hetero(graph)
    assert data.node_types == ["object", "concept"]
    assert data.edge_types == [("object", "left of", "object"), ("object", "means", "concept")]
    assert data["object", "left of", "object"].edge_index.tolist() == [[0, 1], [1, 0]]
    assert data["object"].x.dtype == torch.float32
    assert list(data["object"].label) == ["cat", "mat"]
    assert "kind" not in data["object"]


def test_any_attribute_can_be_the_type_or_none(graph: nx.MultiDiGraph) -> None:
    by_label = to_hetero(graph, node_type="label", edge_type=None)
    assert by_label.node_types == ["cat", "mat", "pet"]
    assert {relation for _, relation, _ in by_label.edge_types} == {"to"}
    assert contents(from_hetero(by_label))[1] == contents(graph)[1]


def test_the_example_of_pyg_issue_7340_converts_without_equal_attributes() -> None:
    graph = nx.MultiGraph()
    graph.add_node(0, type=1, foo=4.97, bar=torch.tensor([9, 8]))
    graph.add_node(1, type=2, foo=4.97)
    graph.add_node(2, type=3)
    data = to_hetero(graph, node_type="type")
    assert data.node_types == ["1", "2", "3"]
    assert data["1"].bar.tolist() == [[9, 8]]
    assert data["2"].foo.tolist() == [4.97]
    again = from_hetero(data)
    assert again.nodes[0]["bar"].equal(torch.tensor([9, 8]))
    assert [again.nodes[node]["type"] for node in again] == [1, 2, 3]


def test_types_that_pyg_would_confuse_stay_apart() -> None:
    graph = nx.DiGraph()
    kinds = ["a__b", "a_b", "", "node", 1, "1", True, "origin", "_", None, 2.5]
    for number, kind in enumerate(kinds):
        graph.add_node(number, kind=kind)
    graph.add_node("none")
    data = to_hetero(graph)
    assert len(data.node_types) == len(kinds) - 1  # None, 2.5 and missing share the default
    assert not any("__" in kind or not kind for kind in data.node_types)
    assert contents(from_hetero(data)) == contents(graph)
    assert type(from_hetero(data).nodes[6]["kind"]) is bool


def test_a_heteroconv_and_a_converted_model_learn_on_it(graph: nx.MultiDiGraph) -> None:
    data = transforms.ToUndirected()(to_hetero(graph))
    torch.manual_seed(0)
    conv = pyg.HeteroConv({kind: pyg.SAGEConv((-1, -1), 4) for kind in data.edge_types})
    assert {kind: list(h.shape) for kind, h in conv(data.x_dict, data.edge_index_dict).items()} == {
        "object": [2, 4],
        "concept": [1, 4],
    }
    model = hetero_model(Sage(), data.metadata())
    loss = model(data.x_dict, data.edge_index_dict)["object"].square().sum()
    loss.backward()
    assert any(p.grad is not None and bool(p.grad.any()) for p in model.parameters())


class Sage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = pyg.SAGEConv((2, 2), 3)

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        return self.conv(x, edge_index).relu()


def test_what_is_predicted_comes_back_as_an_attribute(graph: nx.MultiDiGraph) -> None:
    data = to_hetero(graph)
    data["object"].logit = torch.tensor([0.5, -1.0])
    data["object"].answer = torch.tensor([True, False])
    data["object"].wording = ["a cat", "a mat"]
    data["object", "left of", "object"].hidden = torch.ones(2, 3)
    data["object"].score = torch.tensor([0.1, 0.2], dtype=torch.float64)
    del data["concept"].label
    data.loss = torch.tensor([[1.5]])
    again = from_hetero(data)
    assert again.nodes["mat:0"]["logit"] == np.float32(-1.0)
    assert again.nodes["mat:0"]["logit"].dtype == np.float32
    assert again.nodes["cat:0"]["answer"] is True
    assert again.nodes["cat:0"]["wording"] == "a cat"
    assert again.edges["mat:0", "cat:0", 0]["hidden"].tolist() == [1, 1, 1]
    assert [again.nodes[node].get("score") for node in again] == [0.1, 0.2, None]
    assert again.nodes["pet"].keys() == {"kind", "x", "note"}
    assert again.graph["loss"].tolist() == [[1.5]]


def test_a_changed_dtype_is_not_read_as_the_old_type(graph: nx.MultiDiGraph) -> None:
    data = to_hetero(graph)
    data["object"].score = data["object"].score.half()
    assert from_hetero(data).nodes["cat:0"]["score"].dtype == np.float16


def test_mirrored_edges_come_back_as_new_ones_and_the_old_ones_untouched(
    graph: nx.MultiDiGraph,
) -> None:
    again = from_hetero(transforms.ToUndirected(merge=False)(to_hetero(graph)))
    edges = contents(again)[1]
    kept = [edge for edge in edges if not edge[2]["relation"].startswith("rev_")]
    mirrored = [edge for edge in edges if edge[2]["relation"].startswith("rev_")]
    assert kept == contents(graph)[1]
    assert {(source, target) for source, target, _ in mirrored} == {
        (target, source) for source, target, _ in kept
    }
    assert any("score" in edge[2] for edge in mirrored)


def test_merged_mirror_edges_keep_the_columns_of_the_edges_they_merged_with() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge("b", "a", relation="on", said="b on a")
    graph.add_edge("a", "b", relation="on", said="a on b")
    again = from_hetero(transforms.ToUndirected()(to_hetero(graph)))
    assert again.edges["a", "b", 0]["said"] == "a on b"
    assert again.edges["b", "a", 0]["said"] == "b on a"
    assert len(again.edges) == 2


def test_new_nodes_of_a_new_type_are_called_by_type_and_place(graph: nx.MultiDiGraph) -> None:
    data = to_hetero(graph)
    data["region"].x = torch.zeros(2, 2)
    data["region", "shows", "object"].edge_index = torch.tensor([[1], [0]])
    again = from_hetero(data)
    assert list(again)[3:] == [("region", 0), ("region", 1)]
    assert again.nodes["region", 1]["kind"] == "region"
    assert again.edges[("region", 1), "cat:0", 0] == {"relation": "shows"}


def test_a_renamed_type_is_renamed_in_the_graph(graph: nx.MultiDiGraph) -> None:
    again = from_hetero(to_hetero(graph).rename("object", "thing"))
    assert [again.nodes[node]["kind"] for node in again] == ["thing", "thing", "concept"]
    assert again.nodes["cat:0"]["label"] == "cat"


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int32, torch.uint8, torch.bool]
)
def test_data_that_never_was_a_graph_goes_through_networkx_unchanged(dtype: torch.dtype) -> None:
    data = HeteroData()
    data["paper"].x = torch.tensor([[0, 1], [1, 0], [1, 1]]).to(dtype)
    data["paper"].year = torch.tensor([1, 0, 1]).to(dtype)
    data["author"].num_nodes = 2
    data["author", "wrote", "paper"].edge_index = torch.tensor([[0, 1, 1], [2, 0, 2]])
    data["author", "wrote", "paper"].share = torch.tensor([0, 1, 1]).to(dtype)
    again = to_hetero(from_hetero(data))
    assert again.metadata() == data.metadata()
    for attribute in ("x", "year"):
        assert again["paper"][attribute].dtype == dtype
        assert again["paper"][attribute].equal(data["paper"][attribute])
    wrote = "author", "wrote", "paper"
    assert again[wrote].edge_index.equal(data[wrote].edge_index)
    assert again[wrote].share.dtype == dtype


def test_two_different_graphs_of_one_shape_come_out_of_a_batch_as_they_were(
    graph: nx.MultiDiGraph,
) -> None:
    other = nx.relabel_nodes(graph, {"cat:0": "dog:0"})
    other.nodes["dog:0"].update(label="dog", score=float("nan"))
    batch = Batch.from_data_list([to_hetero(graph), to_hetero(other)])
    assert batch["object"].batch.tolist() == [0, 0, 1, 1]
    first, second = (from_hetero(one) for one in batch.to_data_list())
    assert list(first) == ["cat:0", "mat:0", "pet"]
    assert list(second) == ["dog:0", "mat:0", "pet"]
    assert second.nodes["dog:0"]["label"] == "dog"
    assert str(second.nodes["dog:0"]["score"]) == "nan"
    with pytest.raises(SightGraphError, match="to_data_list"):
        from_hetero(batch)


def test_a_direction_of_an_undirected_edge_cannot_have_a_value_of_its_own() -> None:
    graph = nx.Graph()
    graph.add_edge("a", "b", relation="near", score=0.5)
    data = to_hetero(graph)
    data["node", "near", "node"].score = torch.tensor([0.5, 0.75])
    with pytest.raises(SightGraphError, match="'score' for each direction"):
        from_hetero(data)
    data["node", "near", "node"].score = torch.tensor([0.75, 0.75])
    assert from_hetero(data).edges["a", "b"]["score"] == np.float32(0.75)


def test_what_no_graph_can_hold_is_refused_and_not_dropped(graph: nx.MultiDiGraph) -> None:
    data = to_hetero(graph)
    data["object"].batch_size = 5
    with pytest.raises(SightGraphError, match=r"data\['object'\]\['batch_size'\]"):
        from_hetero(data)
    del data["object"].batch_size
    data["object"].num_nodes = 7
    with pytest.raises(SightGraphError, match="7 rows, but its 'node_row' names 2"):
        from_hetero(data)
    with pytest.raises(SightGraphError, match="from_data"):
        from_hetero(Data(num_nodes=1))
    twice = to_hetero(graph)
    twice["object"].node_row = torch.tensor([0, 0])
    with pytest.raises(SightGraphError, match="'cat:0' stands twice"):
        from_hetero(twice)
    twice["object"].node_row = torch.tensor([0, 9])
    with pytest.raises(SightGraphError, match="says 9, but the graph had 3 nodes"):
        from_hetero(twice)


def test_two_edges_do_not_fit_between_two_nodes_of_a_simple_graph() -> None:
    graph = nx.DiGraph()
    graph.add_edge("a", "b", relation="on")
    data = to_hetero(graph)
    data["node", "near", "node"].edge_index = torch.tensor([[0], [1]])
    with pytest.raises(SightGraphError, match="a DiGraph holds one edge from 'a' to 'b'"):
        from_hetero(data)


def test_a_column_is_read_in_the_order_of_the_rows_asked_for(graph: nx.MultiDiGraph) -> None:
    data = to_hetero(graph)
    chosen = data.subgraph({"object": torch.tensor([1])})
    assert isinstance(chosen["object"].label, Column)
    assert chosen["object"].label.at(chosen["object"].node_row) == ["mat"]


def test_one_name_for_different_kinds_of_values_does_not_stop_pyg_from_merging_types() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node("a", kind="text", width=None)
    graph.add_node("b", kind="number", width=1.0)
    graph.add_node("c", kind="neither")
    graph.add_node("d", kind="pair", width=(1.0, 2.0))
    graph.add_edge("a", "b", relation="two", hidden=(1.0, 2.0))
    graph.add_edge("b", "c", relation="three", hidden=(1.0, 2.0, 3.0))
    data = to_hetero(graph)
    assert "width_column" in data["text"]
    assert data["number"].width.tolist() == [1.0]
    assert data["pair"].width_2.tolist() == [[1.0, 2.0]]
    merged = data.to_homogeneous()
    assert (merged.num_nodes, merged.num_edges) == (4, 2)
    assert contents(from_hetero(data))[0] == contents(graph)[0]


def test_parallel_edges_with_wrong_row_numbers_are_found_by_their_ends_each_once() -> None:
    graph = nx.MultiDiGraph()
    graph.add_edge("a", "b", key="x", relation="on", said="first")
    graph.add_edge("a", "b", key="y", relation="on", said="second")
    data = to_hetero(graph)
    data["node", "on", "node"].edge_row = torch.tensor([7, 7])
    assert nx.utils.graphs_equal(from_hetero(data), graph)

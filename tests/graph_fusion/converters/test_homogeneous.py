"""graph_fusion/converters/homogeneous.py: one store for nodes, edges and graph."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric import transforms
from torch_geometric.data import Batch, Data, HeteroData

from graph_fusion.converters import from_data, to_data, to_hetero
from kg.errors import SightGraphError


@pytest.fixture
def graph() -> nx.MultiDiGraph:
    graph = nx.MultiDiGraph(w=7)
    graph.add_node("a", w=0.5, edge_index="taken", label="A")
    graph.add_node("b", w=1.5, edge_index="taken", label="B")
    graph.add_edge("a", "b", key="k", w=2.5, num_nodes=9)
    graph.add_edge("b", "a", key="k", w=3.5, num_nodes=9)
    return graph


def test_node_edge_and_graph_attributes_of_one_name_stay_apart(graph: nx.MultiDiGraph) -> None:
    data = to_data(graph)
    assert (data.w.tolist(), data.edge_w.tolist(), data.w_.tolist()) == (
        [0.5, 1.5],
        [2.5, 3.5],
        [7],
    )
    assert data.num_nodes == 2
    assert data.edge_index.tolist() == [[0, 1], [1, 0]]
    assert nx.utils.graphs_equal(from_data(data), graph)


def test_what_is_predicted_comes_back_at_nodes_edges_and_graph(graph: nx.MultiDiGraph) -> None:
    data = to_data(graph)
    data.pred = torch.tensor([1, 2])
    data.edge_pred = torch.tensor([0.5, 0.25])
    data.total = torch.tensor([[1.0, 2.0, 3.0]])
    again = from_data(data)
    assert [again.nodes[node]["pred"] for node in again] == [1, 2]
    assert again.edges["b", "a", "k"]["edge_pred"] == np.float32(0.25)
    assert again.graph["total"].shape == (1, 3)


def test_the_largest_component_of_the_data_is_that_of_the_graph(graph: nx.MultiDiGraph) -> None:
    graph.add_node("alone", w=9.0)
    again = from_data(transforms.LargestConnectedComponents()(to_data(graph)))
    assert nx.utils.graphs_equal(again, graph.subgraph(["a", "b"]))


def test_data_that_never_was_a_graph_goes_through_networkx_unchanged() -> None:
    data = Data(
        x=torch.arange(6, dtype=torch.float32).view(3, 2),
        edge_index=torch.tensor([[0, 0, 2], [1, 1, 2]]),
        edge_weight=torch.tensor([1, 2, 3], dtype=torch.int16),
        y=torch.tensor([[4, 5]]),
    )
    again = to_data(from_data(data))
    for attribute in ("x", "edge_index", "edge_weight", "y"):
        assert again[attribute].dtype == data[attribute].dtype
        assert again[attribute].equal(data[attribute])


def test_merged_hetero_data_and_batches_are_refused(graph: nx.MultiDiGraph) -> None:
    with pytest.raises(SightGraphError, match="to_homogeneous"):
        from_data(to_hetero(graph).to_homogeneous())
    with pytest.raises(SightGraphError, match="to_data_list"):
        from_data(Batch.from_data_list([to_data(graph)] * 2))
    with pytest.raises(SightGraphError, match="from_hetero"):
        from_data(HeteroData())

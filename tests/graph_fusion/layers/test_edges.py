"""graph_fusion/layers/edges: Â is the paper's on every path; edges that do not fit are refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.layers import Edges
from graph_fusion.layers.matrix import Blocks, Packed
from kg.errors import SightGraphError

PATHS = ("packed", "dense")


@given(
    st.integers(0, 4),
    st.integers(1, 9),
    st.integers(0, 40),
    st.integers(0, 1000),
    st.sampled_from(PATHS),
    st.booleans(),
)
@settings(max_examples=60)
def test_adjacency_equals_the_paper_with_and_without_gradients(
    batch: Callable[..., Edges],
    dense_adjacency: Callable[[Edges], Tensor],
    graphs: int,
    nodes: int,
    count: int,
    seed: int,
    path: str,
    gradients: bool,
) -> None:
    edges = batch(graphs, nodes, count, seed, path, dtype=torch.float64)
    assert edges.weights is not None
    edges = edges.weighted(edges.weights.clone().requires_grad_(gradients))
    found = edges.adjacency.dense()
    assert found.requires_grad is gradients
    expected = dense_adjacency(edges)
    torch.testing.assert_close(found.reshape(expected.shape), expected)


def test_a_node_without_edges_keeps_its_own_features() -> None:
    none = torch.zeros(0, dtype=torch.long)
    assert torch.equal(Edges(none, none, 3).adjacency.dense(), torch.eye(3))


def test_a_one_way_edge_carries_a_message_one_way() -> None:
    dense = Edges(torch.tensor([0]), torch.tensor([1]), 2).adjacency.dense()
    assert dense[1, 0] > 0
    assert dense[0, 1] == 0


def test_other_weights_share_where_the_edges_lead(batch: Callable[..., Edges]) -> None:
    edges = batch()
    assert edges.weights is not None
    halved = edges.weighted(edges.weights / 2)
    assert halved.ends is edges.ends
    assert isinstance(halved.adjacency, Packed)
    assert isinstance(edges.adjacency, Packed)
    assert halved.adjacency.pattern is edges.adjacency.pattern
    assert not torch.equal(halved.adjacency.values, edges.adjacency.values)


def test_the_adjacency_is_made_once(batch: Callable[..., Edges]) -> None:
    edges = batch()
    assert edges.adjacency is edges.adjacency


def test_gradients_flow_though_it_was_first_asked_for_without(batch: Callable[..., Edges]) -> None:
    edges = batch()
    assert edges.weights is not None
    edges = edges.weighted(edges.weights.requires_grad_())
    with torch.no_grad():
        _ = edges.adjacency
    edges.adjacency.dense().sum().backward()
    assert edges.weights is not None
    assert edges.weights.grad is not None


def test_few_edges_go_packed_and_many_dense() -> None:
    nodes, graphs = 10, 4
    receivers = torch.arange(graphs * nodes).repeat_interleave(nodes)
    senders = receivers // nodes * nodes + torch.arange(nodes).repeat(graphs * nodes)
    every = Edges(senders, receivers, graphs * nodes, per_graph=nodes)
    few = Edges(senders[::10], receivers[::10], graphs * nodes, per_graph=nodes)
    assert isinstance(every.adjacency, Blocks)
    assert isinstance(few.adjacency, Packed)


@pytest.mark.parametrize("gradients", [False, True])
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("end", [-1, 4])
def test_an_edge_that_leaves_the_batch_is_refused(end: int, path: str, gradients: bool) -> None:
    weights = torch.ones(1, requires_grad=gradients)
    for ends in ((0, end), (end, 0), (end, end)):
        senders, receivers = torch.tensor(ends).split(1)
        edges = Edges(senders, receivers, 4, weights, per_graph=4, path=path)
        with pytest.raises(SightGraphError, match="the batch has 4 nodes"):
            _ = edges.adjacency


@pytest.mark.parametrize("gradients", [False, True])
def test_an_edge_between_two_padded_graphs_is_refused(gradients: bool) -> None:
    weights = torch.ones(1, requires_grad=gradients)
    senders, receivers = torch.tensor([1]), torch.tensor([2])
    edges = Edges(senders, receivers, 4, weights, per_graph=2, path="dense")
    with pytest.raises(SightGraphError, match="joins two graphs"):
        _ = edges.adjacency


def test_shapes_and_paths_that_cannot_be_are_refused() -> None:
    two, three = torch.zeros(2, dtype=torch.long), torch.zeros(3, dtype=torch.long)
    with pytest.raises(SightGraphError, match="receivers of the edges"):
        Edges(two, three, 4)
    with pytest.raises(SightGraphError, match="weights of the edges"):
        Edges(two, two, 4, weights=torch.ones(2, 1))
    with pytest.raises(SightGraphError, match="4 nodes cannot be graphs of 3"):
        Edges(two, two, 4, per_graph=3)
    with pytest.raises(SightGraphError, match="unknown path 'sparse'"):
        Edges(two, two, 4, path="sparse")
    with pytest.raises(SightGraphError, match="needs per_graph"):
        Edges(two, two, 4, path="dense")

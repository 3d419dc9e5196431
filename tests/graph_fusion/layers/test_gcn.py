"""graph_fusion/layers/gcn: the graph convolution is the paper's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.layers import Edges
from graph_fusion.layers.gcn import GCN
from kg.errors import SightGraphError

Batch = Callable[..., Edges]
Dense = Callable[[Edges], Tensor]


@given(
    st.integers(1, 4),
    st.integers(1, 9),
    st.integers(0, 40),
    st.integers(0, 1000),
    st.sampled_from(["packed", "dense"]),
    st.sampled_from([3, 5, 7]),
)
@settings(max_examples=40)
def test_gcn_and_its_gradients_equal_a_dense_float64_reference(
    batch: Batch,
    dense_adjacency: Dense,
    graphs: int,
    nodes: int,
    count: int,
    seed: int,
    path: str,
    out_features: int,
) -> None:
    edges = batch(graphs, nodes, count, seed, path)
    assert edges.weights is not None
    weights = edges.weights.clone().requires_grad_()
    edges = edges.weighted(weights)
    h = torch.randn(edges.size, 5, requires_grad=True)
    layer = GCN(5, out_features, activation=torch.tanh)
    parameters = [h, weights, *layer.parameters()]
    weight, bias = layer.linear.weight.double(), layer.linear.bias.double()
    expected = torch.tanh(dense_adjacency(edges) @ h.double() @ weight.T + bias)
    found = layer(h, edges)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    ours = torch.autograd.grad(found.square().sum(), parameters)
    reference = torch.autograd.grad(expected.square().sum(), parameters)
    for one, other in zip(ours, reference, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("path", ["packed", "dense"])
@pytest.mark.parametrize("out_features", [4, 6, 8])
def test_gcn_and_its_gradients_equal_pyg(batch: Batch, path: str, out_features: int) -> None:
    from torch_geometric.nn import GCNConv

    one_way = batch(4, 5, 30, path=path, loops=False)  # PyG keeps a node's own loop as its Â's
    assert one_way.weights is not None
    undirected = one_way.weights.clone().requires_grad_()
    edges = Edges(  # both ways: then our mean of both degrees is theirs
        torch.cat([one_way.senders, one_way.receivers]),
        torch.cat([one_way.receivers, one_way.senders]),
        one_way.size,
        undirected.repeat(2),
        per_graph=one_way.per_graph,
        path=path,
    )
    h = torch.randn(20, 6, requires_grad=True)
    ours, theirs = GCN(6, out_features), GCNConv(6, out_features)
    with torch.no_grad():
        theirs.lin.weight.copy_(ours.linear.weight)
        theirs.bias.copy_(ours.linear.bias)
    a = ours(h, edges)
    b = torch.relu(theirs(h, torch.stack([edges.senders, edges.receivers]), edges.weights))
    torch.testing.assert_close(a, b)
    from_a = torch.autograd.grad(a.square().sum(), [h, undirected, *ours.parameters()])
    from_b = torch.autograd.grad(b.square().sum(), [h, undirected, theirs.lin.weight, theirs.bias])
    for one, other in zip(from_a, from_b, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("path", ["packed", "dense"])
def test_without_normalisation_it_multiplies_with_the_weights_as_they_are(
    batch: Batch, path: str
) -> None:
    edges = batch(2, 4, 9, 1, path)
    assert edges.weights is not None
    adjacency = torch.zeros(edges.size, edges.size)
    adjacency.index_put_((edges.receivers, edges.senders), edges.weights, accumulate=True)
    h = torch.randn(edges.size, 5)
    for out_features in (3, 7):
        layer = GCN(5, out_features, activation=torch.tanh, normalised=False)
        expected = torch.tanh(layer.linear(adjacency @ h))
        torch.testing.assert_close(layer(h, edges), expected)


def test_edges_without_weights_weigh_one(batch: Batch) -> None:
    edges, layer = batch(), GCN(6, 6)
    h = torch.randn(edges.size, 6)
    ones = edges.weighted(torch.ones(len(edges)))
    torch.testing.assert_close(layer(h, edges.weighted(None)), layer(h, ones))


def test_a_closed_edge_is_as_no_edge(batch: Batch) -> None:
    edges, layer = batch(), GCN(6, 6)
    h = torch.randn(edges.size, 6)
    none = torch.zeros(0, dtype=torch.long)
    closed = edges.weighted(torch.zeros(len(edges)))
    torch.testing.assert_close(layer(h, closed), layer(h, Edges(none, none, edges.size)))


def test_shipped_weights_keep_their_names() -> None:
    names = ["linear.weight", "linear.bias", "norm.weight", "norm.bias"]
    assert sorted(GCN(3, 3, layer_norm=True).state_dict()) == sorted(names)


def test_residual_needs_equal_sizes() -> None:
    with pytest.raises(SightGraphError, match=r"out_features \(4\) must be in_features \(3\)"):
        GCN(3, 4, residual=True)

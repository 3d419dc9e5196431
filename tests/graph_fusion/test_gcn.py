"""graph_fusion/layers: the graph convolution is the paper's."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.layers.adjacency import normalise
from graph_fusion.layers.gcn import GCN


def random_graph(nodes: int, edges: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return an undirected weighted graph without double edges or loops, each edge twice."""
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.combinations(torch.arange(nodes))
    pairs = pairs[torch.randperm(len(pairs), generator=generator)[:edges]]
    weights = torch.rand(len(pairs), generator=generator)
    senders = torch.cat([pairs[:, 0], pairs[:, 1]])
    receivers = torch.cat([pairs[:, 1], pairs[:, 0]])
    return senders, receivers, weights.repeat(2)


@given(st.integers(1, 12), st.integers(0, 30), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_gcn_equals_dense_float64_reference(nodes: int, edges: int, seed: int) -> None:
    senders, receivers, weights = random_graph(nodes, edges, seed)
    h = torch.randn(nodes, 5, generator=torch.Generator().manual_seed(seed))
    layer = GCN(5, 7)
    a = torch.zeros(nodes, nodes, dtype=torch.float64)
    a[receivers, senders] = weights.double()
    a = a + torch.eye(nodes, dtype=torch.float64)
    scale = a.sum(1).rsqrt()
    linear = layer.linear.double()
    expected = torch.relu(
        scale[:, None] * a * scale[None, :] @ h.double() @ linear.weight.T + linear.bias
    )
    layer.linear.float()
    found = layer(h, normalise(senders, receivers, weights, nodes))
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)


def test_gcn_and_its_gradients_equal_pyg() -> None:
    from torch_geometric.nn import GCNConv

    senders, receivers, weights = random_graph(20, 60, seed=1)
    undirected = weights[: len(weights) // 2].clone().requires_grad_()
    weights = undirected.repeat(2)
    h = torch.randn(20, 6, requires_grad=True)
    ours, theirs = GCN(6, 4, activation=torch.tanh), GCNConv(6, 4)
    with torch.no_grad():
        theirs.lin.weight.copy_(ours.linear.weight)
        theirs.bias.copy_(ours.linear.bias)
    a = ours(h, normalise(senders, receivers, weights, 20))
    b = torch.tanh(theirs(h, torch.stack([senders, receivers]), weights))
    torch.testing.assert_close(a, b)
    from_a = torch.autograd.grad(a.square().sum(), [h, undirected, ours.linear.weight])
    from_b = torch.autograd.grad(b.square().sum(), [h, undirected, theirs.lin.weight])
    for one, other in zip(from_a, from_b, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_node_without_edges_keeps_its_own_features() -> None:
    empty = torch.zeros(0, dtype=torch.long)
    adjacency = normalise(empty, empty, torch.zeros(0), 3)
    assert torch.equal(adjacency.dense(), torch.eye(3))


def test_a_one_way_edge_carries_a_message_one_way() -> None:
    adjacency = normalise(torch.tensor([0]), torch.tensor([1]), torch.tensor([1.0]), 2)
    dense = adjacency.dense()
    assert dense[1, 0] > 0
    assert dense[0, 1] == 0


def test_residual_adds_the_input_and_needs_equal_sizes() -> None:
    layer = GCN(3, 3, residual=True)
    with torch.no_grad():
        layer.linear.weight.zero_()
        layer.linear.bias.zero_()
    h = torch.randn(2, 3)
    empty = torch.zeros(0, dtype=torch.long)
    assert torch.equal(layer(h, normalise(empty, empty, torch.zeros(0), 2)), h)
    with pytest.raises(ValueError, match="residual"):
        GCN(3, 4, residual=True)


def test_layer_norm_gives_each_node_mean_zero() -> None:
    layer = GCN(8, 8, residual=True, layer_norm=True)
    senders, receivers, weights = random_graph(5, 6, seed=2)
    out = layer(torch.randn(5, 8), normalise(senders, receivers, weights, 5))
    torch.testing.assert_close(out.mean(1), torch.zeros(5), atol=1e-5, rtol=0)

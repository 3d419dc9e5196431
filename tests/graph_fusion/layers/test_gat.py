"""graph_fusion/layers/gat: the attention is the paper's; weights scale it before it is shared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from graph_fusion.layers import Edges
from graph_fusion.layers.gat import GAT
from kg.errors import SightGraphError

Batch = Callable[..., Edges]


@pytest.mark.parametrize("concat", [True, False])
@pytest.mark.parametrize("path", ["packed", "dense"])
def test_gat_its_attention_and_gradients_equal_pyg(batch: Batch, path: str, concat: bool) -> None:
    from torch_geometric.nn import GATConv

    edges = batch(4, 5, 40, path=path).weighted(None)
    h = torch.randn(20, 6, requires_grad=True)
    ours = GAT(6, 8, activation=torch.tanh, heads=2, concat=concat)
    theirs = GATConv(6, 4 if concat else 8, heads=2, concat=concat)
    with torch.no_grad():
        theirs.lin.weight.copy_(ours.linear.weight)
        theirs.att_src.copy_(ours.sender.unsqueeze(0))
        theirs.att_dst.copy_(ours.receiver.unsqueeze(0))
    index = torch.stack([edges.senders, edges.receivers])
    a, attention = ours.attend(h, edges)
    out, (_, their_attention) = theirs(h, index, return_attention_weights=True)
    b = torch.tanh(out)
    torch.testing.assert_close(a, b)
    others = torch.cat([edges.senders != edges.receivers, torch.ones(20, dtype=torch.bool)])
    torch.testing.assert_close(attention[others], their_attention)
    assert (attention[~others] == 0).all()
    from_a = torch.autograd.grad(
        a.square().sum(), [h, ours.linear.weight, ours.sender, ours.receiver, ours.bias]
    )
    from_b = torch.autograd.grad(
        b.square().sum(), [h, theirs.lin.weight, theirs.att_src, theirs.att_dst, theirs.bias]
    )
    for one, other in zip(from_a, from_b, strict=True):
        torch.testing.assert_close(one, other.view(one.shape), rtol=1e-4, atol=1e-5)


def reference(layer: GAT, h: Tensor, edges: Edges) -> Tensor:
    """Return the weighted attention's output in float64, by dense matrices."""
    assert edges.weights is not None
    others = (edges.senders != edges.receivers) * edges.weights.double()
    projected = (h.double() @ layer.linear.weight.double().T).view(len(h), layer.heads, -1)
    sent = (projected * layer.sender.double()).sum(2)
    received = (projected * layer.receiver.double()).sum(2)
    strength = torch.eye(edges.size, dtype=torch.float64).index_put(
        (edges.receivers, edges.senders), others, accumulate=True
    )
    raised = F.leaky_relu(received[:, None] + sent[None, :], 0.2).exp() * strength[:, :, None]
    attention = raised / raised.sum(1, keepdim=True)
    heads = torch.einsum("rsh,shw->rhw", attention, projected)
    return layer.activation(heads.flatten(1) + layer.bias.double())


@pytest.mark.parametrize("path", ["packed", "dense"])
def test_weighted_it_equals_float64_with_gradients(batch: Batch, path: str) -> None:
    edges = batch(path=path)
    assert edges.weights is not None
    weights = edges.weights.clone()
    weights[:3] = 0
    edges = edges.weighted(weights.requires_grad_())
    layer = GAT(6, 8, activation=torch.tanh, heads=2)
    h = torch.randn(edges.size, 6, requires_grad=True)
    found, expected = layer(h, edges), reference(layer, h, edges)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    inputs = [h, *layer.parameters()]
    ours = torch.autograd.grad(found.square().sum(), [weights, *inputs])
    theirs = torch.autograd.grad(expected.square().sum(), [weights, *inputs])
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_attention_sums_to_one_at_every_node(batch: Batch) -> None:
    edges, layer = batch(), GAT(6, 6, heads=3)
    _, attention = layer.attend(torch.randn(edges.size, 6), edges)
    receivers = torch.cat([edges.receivers, torch.arange(edges.size)])
    total = torch.zeros(edges.size, 3).index_add(0, receivers, attention)
    torch.testing.assert_close(total, torch.ones(edges.size, 3))


@pytest.mark.parametrize("score", [-1e4, 1.0, 1e4])
def test_a_closed_edge_is_as_no_edge_however_it_scores(score: float) -> None:
    layer = GAT(3, 3, heads=1)
    with torch.no_grad():
        layer.linear.weight.copy_(torch.eye(3))
        layer.sender.fill_(1)
    h = torch.tensor([[score, 0, 0], [0, 0, 0]])
    closed = Edges(torch.tensor([0]), torch.tensor([1]), 2, weights=torch.zeros(1))
    none = torch.zeros(0, dtype=torch.long)
    out, attention = layer.attend(h, closed)
    assert attention[0, 0] == 0
    torch.testing.assert_close(out, layer(h, Edges(none, none, 2)))


def test_heads_to_concatenate_must_share_the_features_out() -> None:
    with pytest.raises(SightGraphError, match=r"must be a multiple of heads \(4\)"):
        GAT(6, 6, heads=4)

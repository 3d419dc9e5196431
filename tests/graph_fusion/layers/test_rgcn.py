"""graph_fusion/layers/rgcn: the paper's convolution, with relations trained or given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from graph_fusion.layers import Edges
from graph_fusion.layers.rgcn import RGCN
from kg.errors import SightGraphError

Batch = Callable[..., Edges]


@pytest.mark.parametrize("path", ["packed", "dense"])
def test_rgcn_and_its_gradients_equal_pyg(batch: Batch, path: str) -> None:
    from torch_geometric.nn import RGCNConv

    edges = batch(4, 5, 40, path=path).weighted(None)
    h = torch.randn(20, 6, requires_grad=True)
    ours = RGCN(6, 4, activation=torch.tanh, relations=3, bases=2)
    theirs = RGCNConv(6, 4, num_relations=3, num_bases=2)
    assert ours.coefficients is not None
    with torch.no_grad():
        theirs.weight.copy_(ours.bases)
        theirs.comp.copy_(ours.coefficients)
        theirs.root.copy_(ours.root.weight.T)
        theirs.bias.copy_(ours.root.bias)
    a = ours(h, edges)
    b = torch.tanh(theirs(h, torch.stack([edges.senders, edges.receivers]), edges.relation))
    torch.testing.assert_close(a, b)
    from_a = torch.autograd.grad(
        a.square().sum(), [h, ours.bases, ours.coefficients, ours.root.bias]
    )
    from_b = torch.autograd.grad(b.square().sum(), [h, theirs.weight, theirs.comp, theirs.bias])
    for one, other in zip(from_a, from_b, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def reference(layer: RGCN, h: Tensor, edges: Edges, coefficients: Tensor) -> Tensor:
    """Return the paper's sum in float64, edge by edge."""
    assert edges.relation is not None
    assert edges.weights is not None
    matrices = torch.einsum("rb,bio->rio", coefficients.double(), layer.bases.double())
    out = h.double() @ layer.root.weight.double().T + layer.root.bias.double()
    for sender, receiver, relation, weight in zip(
        edges.senders, edges.receivers, edges.relation, edges.weights.double(), strict=True
    ):
        alike = ((edges.receivers == receiver) & (edges.relation == relation)).sum()
        message = weight / alike * (h[sender].double() @ matrices[relation])
        out = out.index_add(0, receiver.view(1), message.unsqueeze(0))
    return layer.activation(out)


@pytest.mark.parametrize("path", ["packed", "dense"])
def test_weighted_and_with_coefficients_given_it_equals_float64(batch: Batch, path: str) -> None:
    edges = batch(path=path)
    assert edges.weights is not None
    weights = edges.weights.clone().requires_grad_()
    edges = edges.weighted(weights)
    layer = RGCN(6, 4, activation=torch.tanh, bases=2)
    h = torch.randn(edges.size, 6, requires_grad=True)
    coefficients = torch.randn(3, 2, requires_grad=True)
    found, expected = layer(h, edges, coefficients), reference(layer, h, edges, coefficients)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)
    inputs = [h, weights, coefficients, *layer.parameters()]
    ours = torch.autograd.grad(found.square().sum(), inputs)
    theirs = torch.autograd.grad(expected.square().sum(), inputs)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_given_coefficients_take_the_place_of_the_table(batch: Batch) -> None:
    edges, layer = batch(), RGCN(6, 6, relations=3, bases=2)
    h = torch.randn(edges.size, 6)
    assert layer.coefficients is not None
    torch.testing.assert_close(layer(h, edges, layer.coefficients * 1), layer(h, edges))
    assert not torch.equal(layer(h, edges, layer.coefficients * 2), layer(h, edges))


def test_a_gate_closes_the_only_edge_of_its_relation() -> None:
    edges = Edges(torch.tensor([0]), torch.tensor([1]), 2, relation=torch.tensor([0]))
    layer, h = RGCN(3, 64, relations=1), torch.randn(2, 3)
    alone = torch.relu(layer.root(h))
    torch.testing.assert_close(layer(h, edges.weighted(torch.zeros(1))), alone)
    assert not torch.equal(layer(h, edges.weighted(torch.ones(1))), alone)


def test_missing_relations_and_coefficients_are_named(batch: Batch) -> None:
    edges = batch()
    assert edges.relation is not None
    h = torch.randn(edges.size, 6)
    with pytest.raises(SightGraphError, match="needs coefficients with each call"):
        RGCN(6, 6)(h, edges)
    with pytest.raises(SightGraphError, match="have no relations"):
        RGCN(6, 6, relations=3)(h, replace(edges, relation=None))
    with pytest.raises(SightGraphError, match="has the relation 2, but there are"):
        RGCN(6, 6, relations=2)(h, edges)
    with pytest.raises(SightGraphError, match="has the relation -1"):
        RGCN(6, 6, relations=3)(h, replace(edges, relation=edges.relation.clone().fill_(-1)))

"""graph_fusion/layers: what every registered layer promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from graph_fusion.layers import LAYERS, Edges, Layer

OPTIONS: dict[str, dict[str, Any]] = {
    "gat": {"heads": 2},
    "gcn": {},
    "pyg": {"conv": "GCNConv"},
    "rgcn": {"relations": 3, "bases": 2},
}
"""Each registered layer with what it needs beside its sizes: a new layer is added here."""

Batch = Callable[..., Edges]


def layer(name: str, **options: Any) -> Layer:
    torch.manual_seed(1)
    sizes = {"in_features": 6, "out_features": 6}
    return LAYERS.make(name, **{**sizes, **OPTIONS[name], **options})


@pytest.fixture(params=sorted(OPTIONS))
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_every_registered_layer_is_covered_here() -> None:
    assert set(LAYERS) == set(OPTIONS)


@pytest.mark.parametrize("path", [None, "packed", "dense"])
def test_gives_features_out_for_every_node(name: str, path: str | None, batch: Batch) -> None:
    edges = batch(path=path)
    out = layer(name, out_features=4)(torch.randn(edges.size, 6), edges)
    assert out.shape == (edges.size, 4)
    assert out.isfinite().all()


@pytest.mark.parametrize(("graphs", "nodes", "edges"), [(0, 4, 0), (1, 1, 0), (1, 1, 2), (2, 3, 0)])
@pytest.mark.parametrize("path", ["packed", "dense"])
def test_takes_no_graphs_one_node_and_no_edges(
    name: str, path: str, graphs: int, nodes: int, edges: int, batch: Batch
) -> None:
    few = batch(graphs, nodes, edges, path=path)
    h = torch.randn(few.size, 6, requires_grad=True)
    out = layer(name)(h, few)
    out.sum().backward()
    assert out.shape == (graphs * nodes, 6)
    assert h.grad is not None
    assert h.grad.isfinite().all()


def test_dense_and_packed_give_the_same(name: str, batch: Batch) -> None:
    conv = layer(name, activation=torch.tanh)
    results = []
    for path in ("packed", "dense"):
        edges = batch(path=path)
        assert edges.weights is not None
        weights = edges.weights.clone().requires_grad_()
        h = torch.randn(
            edges.size, 6, generator=torch.Generator().manual_seed(2), requires_grad=True
        )
        out = conv(h, edges.weighted(weights))
        results.append([out, *torch.autograd.grad(out.square().sum(), [h, *conv.parameters()])])
    for packed, dense in zip(*results, strict=True):
        torch.testing.assert_close(packed, dense, rtol=1e-4, atol=1e-5)


def test_graphs_of_a_batch_do_not_reach_each_other(name: str, batch: Batch) -> None:
    conv, edges = layer(name).eval(), batch()
    h = torch.randn(edges.size, 6)
    changed = h.clone()
    changed[:5] += 1
    before, after = conv(h, edges), conv(changed, edges)
    assert not torch.equal(before[:5], after[:5])
    torch.testing.assert_close(before[5:], after[5:], rtol=0, atol=0)


def test_the_order_of_nodes_makes_no_difference(name: str, batch: Batch) -> None:
    conv, edges = layer(name), batch()
    h, order = torch.randn(edges.size, 6), torch.randperm(edges.size)
    place = torch.argsort(order)
    moved = Edges(
        place[edges.senders], place[edges.receivers], edges.size, edges.weights, edges.relation
    )
    torch.testing.assert_close(conv(h[order], moved), conv(h, edges)[order], rtol=1e-4, atol=1e-5)


def test_gradients_reach_the_input_the_weights_and_every_parameter(name: str, batch: Batch) -> None:
    conv, edges = layer(name, activation=torch.tanh), batch()
    assert edges.weights is not None
    weights = edges.weights.clone().requires_grad_()
    h = torch.randn(edges.size, 6, requires_grad=True)
    conv(h, edges.weighted(weights)).square().sum().backward()
    for tensor in (h, weights, *conv.parameters()):
        assert tensor.grad is not None
        assert tensor.grad.abs().sum() > 0


@pytest.mark.usefixtures("two_threads")
def test_the_same_seed_gives_the_same_bits_on_two_threads(name: str, batch: Batch) -> None:
    def once() -> list[Tensor]:
        edges = batch(40, 12, 3000)
        assert edges.weights is not None
        weights = edges.weights.clone().requires_grad_()
        conv = layer(name, in_features=64, out_features=64)
        h = torch.randn(
            edges.size, 64, generator=torch.Generator().manual_seed(3), requires_grad=True
        )
        out = conv(h, edges.weighted(weights))
        return [out, *torch.autograd.grad(out.square().sum(), [h, weights, *conv.parameters()])]

    first = once()
    for _ in range(3):
        for one, other in zip(first, once(), strict=True):
            assert torch.equal(one, other)


def test_what_was_kept_in_inference_mode_serves_training(name: str, batch: Batch) -> None:
    for path in ("packed", "dense"):
        conv, edges = layer(name), batch(path=path)
        h = torch.randn(edges.size, 6)
        with torch.inference_mode():
            before = conv(h, edges)
        after = conv(h.requires_grad_(), edges)
        after.sum().backward()
        torch.testing.assert_close(before, after.detach())


def test_residual_adds_the_input_and_layer_norm_normalises(name: str, batch: Batch) -> None:
    edges = batch()
    h = torch.randn(edges.size, 6)
    plain, residual = layer(name), layer(name, residual=True)
    torch.testing.assert_close(residual(h, edges), h + plain(h, edges))
    normed = layer(name, residual=True, layer_norm=True)
    expected = nn.functional.layer_norm(residual(h, edges), (6,))
    torch.testing.assert_close(normed(h, edges), expected)


def test_dropout_works_in_training_only(name: str, batch: Batch) -> None:
    edges = batch()
    h = torch.randn(edges.size, 6)
    conv = layer(name, activation=torch.tanh, dropout=0.5)
    assert (conv(h, edges) == 0).any()
    torch.testing.assert_close(
        conv.eval()(h, edges), layer(name, activation=torch.tanh).eval()(h, edges)
    )


def test_the_input_is_left_as_it_was(name: str, batch: Batch) -> None:
    edges = batch()
    h = torch.randn(edges.size, 6)
    before = h.clone()
    layer(name)(h, edges)
    assert torch.equal(h, before)

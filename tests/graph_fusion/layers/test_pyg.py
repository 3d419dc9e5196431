"""graph_fusion/layers/pyg: any convolution of PyG serves as a layer, by name."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch_geometric import nn as pyg

from graph_fusion.layers import LAYERS, Edges
from kg.errors import SightGraphError, UnknownNameError

Batch = Callable[..., Edges]


@pytest.mark.parametrize(
    ("conv", "options"),
    [
        ("GCNConv", {}),
        ("SAGEConv", {}),
        ("GATv2Conv", {"heads": 2, "concat": False}),
        ("GraphConv", {"aggr": "mean"}),
        ("RGCNConv", {"num_relations": 3}),
        ("TransformerConv", {}),
    ],
)
def test_a_convolution_by_name_gives_what_it_gives_alone(
    conv: str, options: dict[str, object], batch: Batch
) -> None:
    edges = batch()
    layer = LAYERS.make("pyg", in_features=6, out_features=4, conv=conv, **options)
    h = torch.randn(edges.size, 6, requires_grad=True)
    index = torch.stack([edges.senders, edges.receivers])
    known = {
        "GCNConv": {"edge_weight": edges.weights},
        "GraphConv": {"edge_weight": edges.weights},
        "RGCNConv": {"edge_type": edges.relation},
    }
    alone = torch.relu(layer.conv(h, index, **known.get(conv, {})))
    out = layer(h, edges)
    torch.testing.assert_close(out, alone)
    out.sum().backward()
    assert h.grad is not None


def test_an_unknown_convolution_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'SAGEConv'"):
        LAYERS.make("pyg", in_features=6, out_features=4, conv="SAGEConvolution")


def test_options_that_it_cannot_take_are_named() -> None:
    with pytest.raises(SightGraphError, match=r"SAGEConv\(6, 4\) with the options .*'colour'"):
        LAYERS.make("pyg", in_features=6, out_features=4, conv="SAGEConv", colour=1)


def test_missing_relations_and_other_features_out_are_named(batch: Batch) -> None:
    edges = batch()
    h = torch.randn(edges.size, 6)
    relational = LAYERS.make("pyg", in_features=6, out_features=4, conv="RGCNConv", num_relations=3)
    with pytest.raises(SightGraphError, match="RGCNConv needs relations"):
        relational(h, replace(edges, relation=None))
    with pytest.raises(SightGraphError, match="4 features out"):
        LAYERS.make("pyg", in_features=6, out_features=4, conv="GATConv", heads=2)


@pytest.mark.parametrize("conv", sorted(set(pyg.conv.__all__) - {"MessagePassing"}))
def test_every_convolution_runs_or_is_refused_in_one_sentence(conv: str, batch: Batch) -> None:
    edges = batch()
    with contextlib.suppress(SightGraphError):
        layer = LAYERS.make("pyg", in_features=6, out_features=6, conv=conv)
        h = torch.randn(edges.size, 6, requires_grad=True)
        layer(h, edges).sum().backward()


def test_trying_a_convolution_draws_nothing_and_leaves_its_cache_empty(batch: Batch) -> None:
    torch.manual_seed(0)
    pyg.GCNConv(6, 6, cached=True)
    state = torch.get_rng_state()
    torch.manual_seed(0)
    layer = LAYERS.make("pyg", in_features=6, out_features=6, conv="GCNConv", cached=True)
    assert torch.equal(torch.get_rng_state(), state)
    edges = batch()
    assert layer(torch.randn(edges.size, 6), edges).shape == (edges.size, 6)

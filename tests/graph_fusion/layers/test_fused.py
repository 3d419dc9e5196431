"""graph_fusion/layers/fused.py: one kernel gives what the equation gives, and its gradients.

Triton's interpreter runs the kernels on the CPU (tests/conftest.py chooses it).
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from graph_fusion.fusion import FUSIONS, FusionConfig, Masks, no_graph
from graph_fusion.layers import gcn
from graph_fusion.layers.edges import Edges
from graph_fusion.layers.gcn import GCN
from kg.errors import SightGraphError

fused = pytest.importorskip("graph_fusion.layers.fused", reason="Triton is not installed")


def edges_of(graphs: int, nodes: int, path: str, weights: Tensor) -> Edges:
    generator = torch.Generator().manual_seed(nodes)
    first = torch.arange(graphs).repeat_interleave(2 * nodes) * nodes
    ends = torch.randint(nodes, (2, len(first)), generator=generator) + first
    return Edges(ends[0], ends[1], graphs * nodes, weights, per_graph=nodes, path=path)


@pytest.mark.parametrize("nodes", [1, 5, 16, 23])
@pytest.mark.parametrize("features", [(8, 8), (70, 100)])
def test_it_gives_the_equation_and_its_gradients(nodes: int, features: tuple[int, int]) -> None:
    inwards, outwards = features
    torch.manual_seed(0)
    layer = GCN(inwards, outwards).double()
    h = torch.randn(3 * nodes, inwards, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(6 * nodes, dtype=torch.float64, requires_grad=True)
    grad = torch.randn(3 * nodes, outwards, dtype=torch.float64)
    wanted, found = (
        _gradients(layer.to(kind), h, weights, grad, 3, nodes, path)
        for path, kind in (("dense", torch.float64), ("fused", torch.float32))
    )
    for one, other in zip(wanted, found, strict=True):
        torch.testing.assert_close(other.double(), one, atol=1e-4, rtol=1e-4)


def _gradients(
    layer: GCN, h: Tensor, weights: Tensor, grad: Tensor, graphs: int, nodes: int, path: str
) -> list[Tensor]:
    kind = layer.linear.weight.dtype
    h, weights = (one.detach().to(kind).requires_grad_() for one in (h, weights))
    out = layer(h, edges_of(graphs, nodes, path, weights))
    inputs = (h, weights, layer.linear.weight, layer.linear.bias)
    return [out.detach().clone(), *torch.autograd.grad(out, inputs, grad.to(kind))]


@torch.no_grad()
def test_half_precision_is_as_near_as_its_digits_allow() -> None:
    torch.manual_seed(0)
    layer, h, weights = GCN(64, 32), torch.randn(2 * 12, 64), torch.rand(4 * 12)
    wanted = layer(h, edges_of(2, 12, "dense", weights))
    found = layer.half()(h.half(), edges_of(2, 12, "fused", weights))
    assert found.dtype == torch.float16
    torch.testing.assert_close(found.float(), wanted, atol=0.01, rtol=0.01)
    with pytest.raises(SightGraphError, match="multiplies no bfloat16"):
        layer.bfloat16()(h.bfloat16(), edges_of(2, 12, "fused", weights))


def test_residual_and_norm_follow_as_on_every_path() -> None:
    torch.manual_seed(0)
    layer = GCN(16, 16, residual=True, layer_norm=True)
    h, weights = torch.randn(2 * 6, 16), torch.rand(4 * 6)
    wanted = layer(h, edges_of(2, 6, "dense", weights))
    torch.testing.assert_close(layer(h, edges_of(2, 6, "fused", weights)), wanted)


def test_another_activation_takes_the_dense_path() -> None:
    torch.manual_seed(0)
    layer = GCN(8, 8, activation=torch.tanh)
    h, weights = torch.randn(2 * 6, 8), torch.rand(4 * 6)
    wanted = layer(h, edges_of(2, 6, "dense", weights))
    torch.testing.assert_close(layer(h, edges_of(2, 6, "fused", weights)), wanted)


def test_a_config_reaches_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, convolve = [], fused.fused_convolution

    def counting(*tensors: Tensor) -> Tensor:
        calls.append(len(tensors))
        return convolve(*tensors)

    monkeypatch.setattr(fused, "fused_convolution", counting)
    found = []
    for path in ("dense", "fused"):
        layer = {"name": "gcn", "path": path}
        torch.manual_seed(0)
        sizes = FusionConfig(hidden=8, layers=2, heads=2, dropout=0.0, layer=layer)
        fusion = FUSIONS.make("gcn", config=sizes)
        masks = Masks(torch.ones(2, 3, dtype=torch.bool), torch.ones(2, 1, dtype=torch.bool))
        image, text = torch.rand(2, 3, 8), torch.rand(2, 1, 8)
        found.append(fusion(image, text, no_graph(image), masks).pooled)
    torch.testing.assert_close(*found)
    assert len(calls) == 2  # one for each layer


def test_what_the_kernel_does_not_compute_is_refused_where_the_layer_is_made() -> None:
    for options in ({"normalised": False}, {"activation": torch.tanh}):
        with pytest.raises(SightGraphError, match="take the path 'dense'"):
            GCN(4, 4, path="fused", **options)  # type: ignore[arg-type]


def test_without_a_gpu_the_interpreter_must_be_asked_for() -> None:
    script = (
        "import torch\nfrom graph_fusion.layers.fused import fused_convolution\n"
        "fused_convolution(torch.eye(2)[None], *(torch.eye(2),) * 2, torch.zeros(2))\n"
    )
    environment = {key: one for key, one in os.environ.items() if key != "TRITON_INTERPRET"}
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert "the fused path needs a GPU, and this is the CPU" in found.stderr


def test_graphs_too_large_for_a_program_are_refused() -> None:
    nodes = fused.MAX_NODES + 1
    with pytest.raises(SightGraphError, match="at most 128 nodes"):
        GCN(4, 4)(torch.rand(nodes, 4), edges_of(1, nodes, "fused", torch.rand(2 * nodes)))


def test_without_triton_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "graph_fusion.layers.fused", None)
    with pytest.raises(SightGraphError, match="take the path 'dense'"):
        gcn.fused(None, torch.rand(2, 2), torch.rand(2, 2), torch.rand(2))  # type: ignore[arg-type]

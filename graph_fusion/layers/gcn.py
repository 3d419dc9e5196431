"""Graph convolution, as its equation."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_fusion.layers.base import Activation, Layer
from graph_fusion.layers.edges import Edges
from graph_fusion.layers.matrix import Blocks, Matrix
from kg.errors import SightGraphError


class GCN(Layer):
    """H' = σ(Â H W + b), Â = D^-1/2 (A + I) D^-1/2 (Kipf & Welling, ICLR 2017, eq. 2).

    Pure by default; with `residual` and `layer_norm` LayerNorm(H + H'). A holds the edges' weights.

    normalised: False: H' = σ(A H W + b), without loops and without degrees.

    path: how products are made, "packed", "dense" or "fused", whatever the edges say; None: as they
        say. By "fused", all of it is one kernel (`fused.py`), if σ is relu and Â is normalised.

    Shapes:
        h: [N, F_in], the nodes of all graphs of a batch one after another
        returns [N, F_out]

    Raises:
        SightGraphError: the fused path is asked for, and there is no kernel for this layer, or no
            Triton; in `forward`, if there is no GPU.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        activation: Activation = torch.relu,
        residual: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
        normalised: bool = True,
        path: Literal["packed", "dense", "fused"] | None = None,
    ) -> None:
        super().__init__(in_features, out_features, activation, residual, layer_norm, dropout)
        self.normalised, self.path = normalised, path
        if path == "fused":
            if not normalised or activation is not torch.relu:
                raise SightGraphError(
                    "the fused path has a kernel for relu and a normalised Â only: take the path "
                    "'dense'."
                )
            kernel()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, h: Tensor, edges: Edges) -> Tensor:
        weight, bias = self.linear.weight, self.linear.bias
        if self.path is not None and self.path != edges.path:
            edges = edges.by(self.path)
        if self.normalised and edges.path == "fused" and self.activation is torch.relu:
            return self.finish(h, fused(edges.adjacency, h, weight, bias), activated=True)
        adjacency = edges.adjacency if self.normalised else edges.unnormalised
        if self.out_features < self.in_features:  # Â (H W): messages are as narrow as they can be
            return self.finish(h, adjacency @ (h @ weight.T) + bias)
        return self.finish(h, F.linear(adjacency @ h, weight, bias))


def fused(adjacency: Matrix, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return relu(Â H W + b) of dense blocks by one kernel.

    Raises:
        SightGraphError: there is no Triton or no GPU, or the graphs are too large for one program.
    """
    module = kernel()
    assert isinstance(adjacency, Blocks), "the fused path has dense blocks"
    nodes = adjacency.values.shape[1]
    if nodes > module.MAX_NODES:
        raise SightGraphError(
            f"the fused path takes graphs of at most {module.MAX_NODES} nodes, not {nodes}: take "
            "the path 'dense'."
        )
    convolved: Tensor = module.fused_convolution(adjacency.values, h, weight, bias)
    return convolved


def kernel() -> Any:
    """Return the module of the kernel.

    Raises:
        SightGraphError: Triton is not installed.
    """
    try:
        return import_module("graph_fusion.layers.fused")
    except ImportError as error:
        raise SightGraphError(
            f"the fused path needs Triton: {error}. It comes with torch on Linux; elsewhere take "
            "the path 'dense'."
        ) from error

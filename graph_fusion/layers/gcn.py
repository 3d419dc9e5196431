"""Graph convolution, as its equation."""

from __future__ import annotations

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

    Over `Edges` with the path "fused", all of it is one kernel (`fused.py`), if σ is relu.

    Shapes:
        h: [N, F_in], the nodes of all graphs of a batch one after another
        returns [N, F_out]
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
    ) -> None:
        super().__init__(in_features, out_features, activation, residual, layer_norm, dropout)
        self.normalised = normalised
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, h: Tensor, edges: Edges) -> Tensor:
        weight, bias = self.linear.weight, self.linear.bias
        if self.normalised and edges.path == "fused" and self.activation is torch.relu:
            return self.finish(h, fused(edges.adjacency, h, weight, bias), activated=True)
        adjacency = edges.adjacency if self.normalised else edges.unnormalised
        if self.out_features < self.in_features:  # Â (H W): messages are as narrow as they can be
            return self.finish(h, adjacency @ (h @ weight.T) + bias)
        return self.finish(h, F.linear(adjacency @ h, weight, bias))


def fused(adjacency: Matrix, h: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return relu(Â H W + b) of dense blocks by one kernel.

    Raises:
        SightGraphError: Triton is not installed, or the graphs are too large for one program.
    """
    try:
        from graph_fusion.layers.fused import MAX_NODES, fused_convolution
    except ImportError as error:
        raise SightGraphError(
            f"the fused path needs Triton: {error}. It comes with torch on Linux; elsewhere take "
            "the path 'dense'."
        ) from error
    assert isinstance(adjacency, Blocks), "the fused path has dense blocks"
    nodes = adjacency.values.shape[1]
    if nodes > MAX_NODES:
        raise SightGraphError(
            f"the fused path takes graphs of at most {MAX_NODES} nodes, not {nodes}: take the "
            "path 'dense'."
        )
    return fused_convolution(adjacency.values, h, weight, bias)

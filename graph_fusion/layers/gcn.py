"""Graph convolution, as its equation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from graph_fusion.layers.adjacency import Adjacency


class GCN(nn.Module):
    """H' = σ(Â H W + b) (Kipf & Welling, ICLR 2017, eq. 2), optionally H + that, and LayerNorm.

    residual: add the layer's input to its output; needs as many features out as in.
    layer_norm: normalise the output (Ba et al., 2016).

    Shapes:
        h: [N, F_in], the nodes of all graphs of a batch one after another
        adjacency: [N, N], already normalised by `normalise`
        returns [N, F_out]
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        residual: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if residual and in_features != out_features:
            raise ValueError(
                f"a residual GCN needs as many features out ({out_features}) as in ({in_features})"
            )
        self.linear = nn.Linear(in_features, out_features)
        self.activation = activation
        self.residual = residual
        self.norm = nn.LayerNorm(out_features) if layer_norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor, adjacency: Adjacency) -> Tensor:
        fused = self.dropout(self.activation(self.linear(adjacency @ h)))
        out: Tensor = self.norm(h + fused if self.residual else fused)
        return out

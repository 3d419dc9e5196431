"""Graph convolution with a matrix for each relation, made of a few that all share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graph_fusion.layers.base import Activation, Layer
from graph_fusion.layers.edges import Edges
from kg.errors import SightGraphError


class RGCN(Layer):
    """h_i' = σ(W_0 h_i + Σ_r Σ_{j in N_r(i)} w_ij / |N_r(i)| W_r h_j + b), W_r = Σ_b a_rb V_b.

    Schlichtkrull et al., ESWC 2018, eqs. 2 and 3 (basis decomposition). An edge's weight w
    scales its message and not the mean's divisor: else a gate could not close the only edge of
    its relation. Messages are summed for each basis first, so that no matrix is made for an edge.

    relations: R, rows of the trained table of a; 0: no table, coefficients come with each call.
    bases: how many V are shared.

    Shapes:
        h: [N, F_in], the nodes of all graphs of a batch one after another
        coefficients: [R', bases], in place of the table: relations known only by their text get
            theirs from a map of its vector
        returns [N, F_out]

    Raises:
        SightGraphError: edges without relations, or with a relation that no coefficients are for.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        activation: Activation = torch.relu,
        residual: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
        relations: int = 0,
        bases: int = 4,
    ) -> None:
        super().__init__(in_features, out_features, activation, residual, layer_norm, dropout)
        self.root = nn.Linear(in_features, out_features)
        self.bases = nn.Parameter(torch.empty(bases, in_features, out_features))
        self.coefficients = nn.Parameter(torch.empty(relations, bases)) if relations else None
        for weight in (*self.bases, self.coefficients):
            if weight is not None:
                nn.init.xavier_uniform_(weight)

    def forward(self, h: Tensor, edges: Edges, coefficients: Tensor | None = None) -> Tensor:
        shares = self._shares(edges, self.coefficients if coefficients is None else coefficients)
        out = self.root(h)
        for share, basis in zip(shares.unbind(1), self.bases, strict=True):
            out = torch.addmm(out, edges.matrix(share) @ h, basis)
        return self.finish(h, out)

    def _shares(self, edges: Edges, coefficients: Tensor | None) -> Tensor:
        """Return how much of each basis every edge carries: w / |N_r| a_r, [E, bases]."""
        alike, relation = edges.ends.alike, edges.relation
        if coefficients is None or relation is None:
            raise SightGraphError(
                "an RGCN without a table of relations needs coefficients with each call: make it "
                "with relations=..., or call layer(h, edges, coefficients)."
            )
        outside = (relation < 0) | (relation >= len(coefficients))
        if relation.device.type == "cpu" and bool(outside.any()):  # a GPU would be waited for
            raise SightGraphError(
                f"an edge has the relation {int(relation[outside][0])}, but there are "
                f"coefficients for {len(coefficients)} relations, numbered from 0."
            )
        shares = coefficients.index_select(0, relation) / alike.unsqueeze(1)
        return shares if edges.weights is None else shares * edges.weights.unsqueeze(1)

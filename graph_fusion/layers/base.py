"""What all graph layers have in common: their sizes and what follows the convolution."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from graph_fusion.layers.edges import Edges
from kg.errors import SightGraphError

Activation = Callable[[Tensor], Tensor]


class Layer(nn.Module, ABC):
    """A convolution, its activation σ and dropout; optionally H + that, and LayerNorm.

    residual: add the layer's input to its output; needs as many features out as in.
    layer_norm: normalise the output (Ba et al., 2016).

    Raises:
        SightGraphError: a residual layer has other features out than in.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        activation: Activation = torch.relu,
        residual: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if residual and in_features != out_features:
            raise SightGraphError(
                f"a residual layer adds its input to its output: out_features ({out_features}) "
                f"must be in_features ({in_features}), or residual False."
            )
        self.in_features, self.out_features = in_features, out_features
        self.activation = activation
        self.residual = residual
        self.norm = nn.LayerNorm(out_features) if layer_norm else None
        self.dropout = nn.Dropout(dropout)

    @abstractmethod
    def forward(self, h: Tensor, edges: Edges) -> Tensor:
        """Return [N, F_out] of `h` [N, F_in], the nodes of all graphs one after another."""

    def finish(self, h: Tensor, convolved: Tensor, activated: bool = False) -> Tensor:
        """Return the layer's output from its input `h` and what its convolution made of it.

        `convolved` is used up: the default activation overwrites it, which saves writing as much
        again. Operations that keep their result for gradients must not be its last.

        activated: the convolution has applied the activation already.
        """
        out = convolved
        if not activated:
            in_place = self.activation is torch.relu
            out = torch.relu_(convolved) if in_place else self.activation(convolved)
        if self.training:
            out = self.dropout(out)
        if self.residual:
            out = h + out
        return out if self.norm is None else self.norm(out)


class EdgeGate(nn.Module):
    """Scores every message by the question, for each layer.

    One layer may open "left of" and the next "used for": the gates are a soft programme of
    relations that the question writes. The same relation has other weights against its edge.

    Shapes (E messages, R relations):
        question [B, H]; sample [E]: which question each message belongs to
        relations [R, D], relation [E], backward [E], features [E, F]: as in `TokenGraph`
        returns [E, layers] logits
    """

    def __init__(
        self, relation_features: int, edge_features: int, hidden: int, width: int, layers: int
    ) -> None:
        super().__init__()
        self.question = nn.Linear(hidden, 2 * width)
        self.forward_relation = nn.Linear(relation_features, 2 * width)
        self.backward_relation = nn.Linear(relation_features, 2 * width)
        self.features = nn.Linear(edge_features, width)
        self.out = nn.Linear(width, layers)

    def forward(
        self,
        question: Tensor,
        sample: Tensor,
        relations: Tensor,
        relation: Tensor,
        backward: Tensor,
        features: Tensor,
    ) -> Tensor:
        each_way = torch.cat([self.forward_relation(relations), self.backward_relation(relations)])
        scale, shift = each_way[relation + backward.long() * len(relations)].chunk(2, dim=1)
        query_scale, query_shift = self.question(question)[sample].chunk(2, dim=1)
        logits: Tensor = self.out(
            torch.relu(scale * query_scale + shift + query_shift + self.features(features))
        )
        return logits

"""Graph attention: every node weighs its neighbours by what they and it hold."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_fusion.layers.base import Activation, Layer
from graph_fusion.layers.edges import Edges
from kg.errors import SightGraphError

SLOPE = 0.2
"""Of the LeakyReLU below zero (Veličković et al., section 3.3)."""


class GAT(Layer):
    """h_i' = σ(Σ_j a_ij W h_j + b), a_ij ~ w_ij exp(LeakyReLU(s·W h_j + r·W h_i)), Σ_j a_ij = 1.

    Veličković et al., ICLR 2018, eqs. 1 to 6, over a node's neighbours and itself. An edge's
    weight w multiplies its attention before the sum is made 1: 0 closes the edge, and a node's
    own loop has weight 1. Loops among the edges count for nothing, as every node has one.

    heads: attentions side by side, each giving F_out / heads features (`concat`) or all F_out,
        averaged.

    Shapes:
        h: [N, F_in], the nodes of all graphs of a batch one after another
        returns [N, F_out]

    Raises:
        SightGraphError: there are no heads, or out_features is no multiple of those to concatenate.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        activation: Activation = torch.relu,
        residual: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
        heads: int = 4,
        concat: bool = True,
    ) -> None:
        super().__init__(in_features, out_features, activation, residual, layer_norm, dropout)
        if heads < 1:
            raise SightGraphError(f"gat needs at least 1 of its heads, not {heads}.")
        if concat and out_features % heads:
            raise SightGraphError(
                f"out_features ({out_features}) must be a multiple of heads ({heads}), or concat "
                "False."
            )
        self.heads, self.concat = heads, concat
        width = out_features // heads if concat else out_features
        self.linear = nn.Linear(in_features, heads * width, bias=False)
        self.sender = nn.Parameter(torch.empty(heads, width))
        self.receiver = nn.Parameter(torch.empty(heads, width))
        self.bias = nn.Parameter(torch.zeros(out_features))
        for weight in (self.linear.weight, self.sender, self.receiver):
            nn.init.xavier_uniform_(weight)

    def forward(self, h: Tensor, edges: Edges) -> Tensor:
        return self.attend(h, edges)[0]

    def attend(self, h: Tensor, edges: Edges) -> tuple[Tensor, Tensor]:
        """Return the layer's output and its attention [E + N, heads]: of edges, then of loops."""
        by_head = self.linear(h).view(len(h), *self.sender.shape).transpose(0, 1).contiguous()
        attention = self._attention(by_head, edges)
        messages = [
            edges.matrix(shares, loops=True) @ features
            for shares, features in zip(attention.unbind(1), by_head, strict=True)
        ]
        heads = torch.cat(messages, dim=1) if self.concat else torch.stack(messages).mean(0)
        return self.finish(h, heads + self.bias), attention

    def _attention(self, by_head: Tensor, edges: Edges) -> Tensor:
        """Return the attention [E + N, heads] among projected nodes [heads, N, width]."""
        edges.check()
        nodes = torch.arange(edges.size, device=by_head.device)
        senders, receivers = torch.cat([edges.senders, nodes]), torch.cat([edges.receivers, nodes])
        sent = torch.einsum("hnw,hw->nh", by_head, self.sender)
        received = torch.einsum("hnw,hw->nh", by_head, self.receiver)
        scores = F.leaky_relu(
            sent.index_select(0, senders) + received.index_select(0, receivers), SLOPE
        )
        strength = self._strength(edges, scores.dtype)
        return _shares(scores, strength, receivers, edges.size)

    def _strength(self, edges: Edges, dtype: torch.dtype) -> Tensor:
        """Return the weight of each edge and loop: [E + N], 0 for loops among the edges."""
        others = (edges.senders != edges.receivers).to(dtype)
        weights = others if edges.weights is None else others * edges.weights
        return torch.cat([weights, weights.new_ones(edges.size)])


def _shares(scores: Tensor, strength: Tensor, receivers: Tensor, size: int) -> Tensor:
    """Return the softmax [M, heads] of `scores` over each receiver, weighted by `strength` [M].

    A receiver's highest score is taken off first, which changes nothing but keeps exp in range.
    Edges of strength 0 have no say in it; theirs are only cut where exp would be infinite.
    """
    index = receivers.unsqueeze(1).expand_as(scores)
    with torch.no_grad():
        lowest = scores.new_full((size, scores.shape[1]), -torch.inf)
        open_scores = scores.masked_fill((strength == 0).unsqueeze(1), -torch.inf)
        highest = lowest.scatter_reduce(0, index, open_scores, "amax")
    finite = math.log(torch.finfo(scores.dtype).max) - 1
    above = (scores - highest.index_select(0, receivers)).clamp(max=finite)
    raised = torch.exp(above) * strength.unsqueeze(1)
    total = torch.zeros_like(highest).index_add(0, receivers, raised)
    return raised / total.index_select(0, receivers)

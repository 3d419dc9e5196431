"""Over packed graphs, from fused nodes to answers: which node, yes or no, how many."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from graph_fusion.tensors import ANSWER_TYPES, NODE_KINDS, Batch, segment_softmax, segment_sum
from kg.vocabulary import NodeKind

POINTER, YES_NO, COUNT = range(3)
"""How a question is answered."""
YES, NO, UNKNOWN = range(3)
NEVER = -1e4
"""Logit of the words of the question, which are no answer to it."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Logits of all heads. Shapes (N nodes, B questions):

    node [N]: each node as the answer; none [B]: no node is
    yes_no [B, 3]: yes, no, unknown; attention [N]: where the yes/no head looked, sums to 1
    counted [N]: whether each node is one of those counted
    route [B, 3]: pointer, yes/no or count
    """

    node: Tensor
    none: Tensor
    yes_no: Tensor
    attention: Tensor
    counted: Tensor
    route: Tensor


class AnswerHeads(nn.Module):
    """All heads over one fused graph.

    Shapes:
        h, start: [N, H] nodes after and before fusion; question: [B, H]
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.pointer = NodeScorer(hidden)
        self.looker = NodeScorer(hidden)
        self.counter = NodeScorer(hidden)
        self.none = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.yes_no = nn.Sequential(nn.Linear(3 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, 3))
        self.route = nn.Sequential(
            nn.Linear(hidden + len(ANSWER_TYPES), hidden), nn.ReLU(), nn.Linear(hidden, 3)
        )

    def forward(self, h: Tensor, start: Tensor, batch: Batch, question: Tensor) -> Scores:
        is_entity = batch.node_kind == NODE_KINDS.index(NodeKind.ENTITY)
        node = self.pointer(h, start, batch, question).masked_fill(is_entity, NEVER)
        attention = segment_softmax(
            self.looker(h, start, batch, question), batch.graph_of_node, batch.size
        )
        pooled = segment_sum(attention.unsqueeze(1) * h, batch.graph_of_node, batch.size)
        best = segment_softmax(node, batch.graph_of_node, batch.size)
        pointed = segment_sum(best.unsqueeze(1) * h, batch.graph_of_node, batch.size)
        return Scores(
            node=node,
            none=self.none(torch.cat([pointed, question], dim=1)).squeeze(1),
            yes_no=self.yes_no(torch.cat([pooled, question, pooled * question], dim=1)),
            attention=attention,
            counted=self.counter(h, start, batch, question),
            route=self.route(torch.cat([question, batch.answer_type], dim=1)),
        )


class NodeScorer(nn.Module):
    """One logit for each node, from the node before and after fusion and the question: [N]."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.fused = nn.Linear(hidden, hidden)
        self.start = nn.Linear(hidden, hidden)
        self.asked = nn.Linear(hidden, hidden)
        self.match = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, h: Tensor, start: Tensor, batch: Batch, question: Tensor) -> Tensor:
        query = self.asked(question)[batch.graph_of_node]
        match = self.match(question)[batch.graph_of_node] * h
        mixed = torch.relu(self.fused(h) + self.start(start) + query + match)
        logits: Tensor = self.out(mixed).squeeze(1)
        return logits

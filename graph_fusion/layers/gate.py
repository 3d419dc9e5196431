"""Question-gated edges: how much each message matters to the question."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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
        asked, wanted = self.question(question)[sample].chunk(2, dim=1)
        logits: Tensor = self.out(
            torch.relu(scale * asked + shift + wanted + self.features(features))
        )
        return logits

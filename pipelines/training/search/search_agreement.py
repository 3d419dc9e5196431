"""How much the agreement of two graphs counts beside the towers: five weights."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from graph_fusion.heads.base import LOG_ZERO, soft_cross_entropy
from pipelines.evaluate.search.search import Encoded, agreements, figures_of, near_rarities
from pipelines.search.agreement import FEATURES
from pipelines.search.towers import Weights
from pipelines.training.minimise import minimise

FIRST_COSINE = 15.0
STEPS = 60
DECAY = 1e-3
"""Of the squared weights of the features: what helps nobody stays at 0."""


def fit_weights(encoded: Encoded) -> tuple[Weights, dict[str, float]]:
    """Return the weights fitted on all photographs, and figures of those fitted on half of them.

    The figures are measured on the other half, every second photograph with its texts, and are
    means over both ways of doing so.
    """
    halves = half_of(encoded, 0), half_of(encoded, 1)
    crossed = [figures_of(one, fitted(other)) for one, other in (halves, halves[::-1])]
    return fitted(encoded), {name: sum(one[name] for one in crossed) / 2 for name in crossed[0]}


def fitted(encoded: Encoded) -> Weights:
    """Return the weights with the least cross-entropy of a text's photograph among the near ones.

    Fitted on the texts of a photograph, they did not raise the recall of other photographs' texts.
    """
    cosines = torch.from_numpy(encoded.cosines)
    features = torch.zeros(*cosines.shape, len(FEATURES))
    near = torch.zeros_like(cosines, dtype=torch.bool)
    for photo, text, values in agreements(encoded, near_rarities(encoded)):
        features[photo, text] = torch.tensor(values)
        near[photo, text] = True
    owner = torch.from_numpy(encoded.owner)
    together = (owner == torch.arange(len(cosines)).unsqueeze(1)).float() * near
    weights = torch.zeros(1 + len(FEATURES))
    weights[0] = FIRST_COSINE

    def loss() -> Tensor:
        scores = (weights[0] * cosines + features @ weights[1:]).masked_fill(~near, LOG_ZERO)
        right = soft_cross_entropy(scores.T.log_softmax(1), together.T)
        return right + DECAY * weights[1:].square().sum()

    minimise(loss, [weights], STEPS)
    found = weights.tolist()
    return Weights(found[0], tuple(found[1:]))


def half_of(encoded: Encoded, remainder: int) -> Encoded:
    """Return every second photograph, from `remainder` on, with its texts."""
    photographs = np.arange(remainder, len(encoded.cosines), 2)
    texts = np.flatnonzero(encoded.owner % 2 == remainder)
    chosen = np.ix_(photographs, texts)
    return Encoded(
        encoded.plain[chosen],
        encoded.cosines[chosen],
        encoded.owner[texts] // 2,
        tuple(encoded.shown[one] for one in photographs),
        tuple(encoded.described[one] for one in texts),
        encoded.frequencies,
    )

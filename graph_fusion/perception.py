"""Which relation holds between two objects, from their names and their boxes.

Predicates are read as text, so that one that training never saw is scored like any other
(cf. Lu et al., Visual relationship detection with language priors, ECCV 2016).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

GEOMETRY = 20


class RelationScores(NamedTuple):
    """Logits for P ordered pairs of objects and K predicates.

    Shapes:
        predicates [P, K], to be compared within a pair; related [P]: any relation at all
    """

    predicates: Tensor
    related: Tensor


class RelationNetwork(nn.Module):
    """Words and places are judged apart and added: most triples are taught without boxes.

    Shapes (D: features of a text vector):
        subjects, objects [P, D]: vectors of the labels; predicates [K, D]
        geometry [P, 20] of `pair_geometry`, or None to judge by words alone
    """

    def __init__(self, features: int = 384, hidden: int = 192, dropout: float = 0.2) -> None:
        super().__init__()
        self.subject = nn.Linear(features, hidden)
        self.object = nn.Linear(features, hidden)
        self.words = nn.Sequential(
            nn.Linear(3 * hidden, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, hidden)
        )
        self.places = nn.Sequential(
            nn.Linear(GEOMETRY, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, hidden)
        )
        self.said = nn.Linear(features, hidden)
        self.placed = nn.Linear(features, hidden)
        self.usual = nn.Linear(features, 1)
        self.related = nn.Linear(hidden, 1)
        self.near = nn.Sequential(nn.Linear(GEOMETRY, 48), nn.GELU(), nn.Linear(48, 1))
        self.scale = hidden**-0.5
        self.gain = features**0.5  # text vectors have length 1

    def forward(
        self, subjects: Tensor, objects: Tensor, geometry: Tensor | None, predicates: Tensor
    ) -> RelationScores:
        words = self.read(subjects, objects)
        return RelationScores(
            self.predicates(words, geometry, predicates), self.relatedness(words, geometry)
        )

    def read(self, subjects: Tensor, objects: Tensor) -> Tensor:
        """Return what the two labels say together: [P, H]."""
        s, o = self.subject(self.gain * subjects), self.object(self.gain * objects)
        words: Tensor = self.words(torch.cat([s, o, s * o], dim=1))
        return words

    def predicates(self, words: Tensor, geometry: Tensor | None, predicates: Tensor) -> Tensor:
        """Return logits [P, K] from `read`'s words [P, H] and the boxes."""
        predicates = self.gain * predicates
        logits: Tensor = self.scale * words @ self.said(predicates).t()
        logits = logits + self.usual(predicates).t()
        if geometry is None:
            return logits
        placed: Tensor = self.scale * self.places(geometry) @ self.placed(predicates).t()
        return logits + placed

    def relatedness(self, words: Tensor, geometry: Tensor | None) -> Tensor:
        """Return the logit [P] of any relation at all."""
        related: Tensor = self.related(torch.nn.functional.gelu(words)).squeeze(1)
        return related if geometry is None else related + self.near(geometry).squeeze(1)


def pair_geometry(first: Tensor, second: Tensor, width: float, height: float) -> Tensor:
    """Return 20 numbers that say how box `second` lies to box `first`.

    They stay the same when photograph and boxes are scaled alike.

    Shapes:
        first, second [P, 4]: x1, y1, x2, y2 in pixels; width, height: of the photograph
        returns [P, 20]
    """
    size = torch.tensor([width, height] * 2)
    a, b = first / size, second / size
    middle_a, middle_b = (a[:, :2] + a[:, 2:]) / 2, (b[:, :2] + b[:, 2:]) / 2
    sides_a = (a[:, 2:] - a[:, :2]).clamp_min(1e-4)
    sides_b = (b[:, 2:] - b[:, :2]).clamp_min(1e-4)
    area_a, area_b = sides_a.prod(1, keepdim=True), sides_b.prod(1, keepdim=True)
    shared = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp_min(0)
    overlap = shared.prod(1, keepdim=True)
    gap = (torch.maximum(a[:, :2], b[:, :2]) - torch.minimum(a[:, 2:], b[:, 2:])).clamp_min(0)
    return torch.cat(
        [
            (middle_b - middle_a) / (sides_a + sides_b),
            middle_b - middle_a,
            (sides_b / sides_a).log() / 3,
            area_a.sqrt(),
            area_b.sqrt(),
            overlap / (area_a + area_b - overlap),
            overlap / area_a,
            overlap / area_b,
            shared / torch.minimum(sides_a, sides_b),
            gap,
            (b[:, 1::2] - a[:, 1::2]) / sides_a[:, 1:],
            (sides_a[:, :1] / sides_a[:, 1:]).log(),
            (sides_b[:, :1] / sides_b[:, 1:]).log(),
            (gap.sum(1, keepdim=True) == 0).float(),
        ],
        dim=1,
    ).clamp(-4, 4)


HIDDEN = 128
DROPPED = 0.4


class SceneNetwork(nn.Module):
    """One hidden layer over the features; every scene is judged for itself.

    Shapes:
        look [B, F]: features of the whole photograph; returns [B, S] logits
    """

    def __init__(self, features: int, scenes: int) -> None:
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(features))
        self.spread = nn.Buffer(torch.ones(features))
        self.hidden = nn.Linear(features, HIDDEN)
        self.drop = nn.Dropout(DROPPED)
        self.scenes = nn.Linear(HIDDEN, scenes)

    def forward(self, look: Tensor) -> Tensor:
        h = torch.relu(self.hidden(self.drop((look - self.mean) / self.spread)))
        logits: Tensor = self.scenes(self.drop(h))
        return logits

    @torch.no_grad()
    def sharpen(self, factor: float) -> None:
        """Multiply all logits by `factor`, which calibration chose."""
        self.scenes.weight.mul_(factor)
        self.scenes.bias.mul_(factor)

"""When the namer is sure of a name, and who gives way where detector and namer disagree.

Both are logistic regressions with a few weights, learned on training photographs by
`sightgraph train namer` and stored in its config.json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from graph_fusion.weights import loading
from kg.files import write_text
from pipelines.namers.tree import HypernymTree

EPSILON = 1e-3
"""Added to probabilities before their logarithm: below, they say nothing more."""


@dataclass(frozen=True, slots=True)
class Sureness:
    """How probably names are right, by their probabilities p and by the doubts (`doubts_of`).

    σ(slope · logit p + entropy · H + spread · σ_logits + bias)
    """

    slope: float
    entropy: float
    spread: float
    bias: float

    def __call__(self, probabilities: np.ndarray, doubts: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of the names of one view.

        Shapes:
            probabilities [S]; doubts [2]; returns [S]
        """
        constant = doubts @ np.array([self.entropy, self.spread]) + self.bias
        return sigmoid(self.slope * logit(probabilities) + constant)


def doubts_of(logits: np.ndarray) -> np.ndarray:
    """Return two signs that a view shows nothing that the network knows: [N, 2].

    The entropy of the classes, and the standard deviation of their logits: noise, textures and
    drawings excite classes of every kind, up and down, by 1.2 to 1.4; photographs of a known thing
    by 0.84.

    Shapes:
        logits [N, C]
    """
    spread = logits.std(1)
    weights = np.exp(logits - logits.max(1, keepdims=True))
    shares = weights / weights.sum(1, keepdims=True)
    entropy = -(shares * np.log(shares + 1e-12)).sum(1)
    return np.stack([entropy, spread], 1)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How probably the detector's label is right, by its score and by what the namer sees.

    σ(score · logit(detector's score) + own · log(p_own + ε) + none · log(p_none + ε)
    + other · log(p_other + ε) + bias), where p_own is the probability of the label and p_none that
    of none of the detector's labels (`pipelines.namers.verifier`), and p_other that of the most
    probable class of the namer outside the label.
    """

    score: float
    own: float
    none: float
    other: float
    bias: float

    def __call__(self, score: float, own: float, none: float, other: float) -> float:
        """Return the probability that the label is right."""
        seen = np.log(np.array([own, none, other]) + EPSILON)
        weights = np.array([self.own, self.none, self.other])
        return float(sigmoid(self.score * logit(np.array(score)) + weights @ seen + self.bias))


def best_other(tree: HypernymTree, sums: np.ndarray, own: Sequence[str]) -> float:
    """Return the probability of the most probable class outside the synsets of a label.

    sums: [S], of the tree; own: the label's synsets.
    """
    outside = np.ones(len(tree.classes), bool)
    for id_ in own:
        outside &= tree.members[:, tree.number[id_]] == 0
    return float(sums[tree.class_columns[outside]].max(initial=0.0))


@dataclass(frozen=True, slots=True)
class NamerConfig:
    """What `sightgraph train namer` learns.

    temperature: divides the logits. whole, region: how sure the namer is of names of the
    whole photograph and of regions. sure: min probability of a name that is given.
    keep: min probability of a detector's label that is kept. labels: those that `Verifier` knows.
    """

    temperature: float
    whole: Sureness
    region: Sureness
    agreement: Agreement
    sure: float
    keep: float
    labels: tuple[str, ...]

    def save(self, folder: Path) -> None:
        """Write config.json."""
        write_text(folder / "config.json", json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> NamerConfig:
        """Read what `save` wrote.

        Raises:
            SightGraphError: the file is missing or of another format.
        """
        with loading("namer", folder):
            content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            for name, kind in (
                ("whole", Sureness),
                ("region", Sureness),
                ("agreement", Agreement),
            ):
                content[name] = kind(**content[name])
            content["labels"] = tuple(content["labels"])
            return cls(**content)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Return σ of each value."""
    found: np.ndarray = 1 / (1 + np.exp(-values))
    return found


def logit(probabilities: np.ndarray) -> np.ndarray:
    """Return the inverse of σ, of probabilities that are first moved off 0 and 1."""
    inside = np.clip(probabilities, EPSILON, 1 - EPSILON)
    found: np.ndarray = np.log(inside / (1 - inside))
    return found

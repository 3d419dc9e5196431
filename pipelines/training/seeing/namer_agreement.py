"""When a detector's label is kept: the verifier of its labels, and the rule that weighs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pipelines.namers.labels import SynsetLabels
from pipelines.namers.rules import EPSILON, Agreement, best_other, logit, sigmoid
from pipelines.namers.tree import HypernymTree
from pipelines.namers.verifier import Verifier
from pipelines.training.minimise import logistic_regression, minimise
from pipelines.training.seeing.namer_data import Views

FOLDS = 4
"""The rule is learned from what verifiers say of photographs that they have not seen."""
KEEP = 0.4
"""Probability of a detector's label from which it is kept: of 0.1 to 0.65, the highest F1."""
TERMS = ("score", "own", "none", "other", "bias")
"""The fields of `Agreement`, in the order of its terms."""

SHRINKAGE = 1e-4
"""Weight of the squared coefficients of the namer's regressions."""
STEPS = 100
"""For the verifier, which is at rest long before."""
WEIGHT_DECAY = 1e-5
"""Of the verifier: the best of five in three folds over the part train, 1e-6 to 1e-4."""


@dataclass(frozen=True)
class Agreed:
    """What is learned, with figures on the photographs of the part train."""

    verifier: Verifier
    rule: Agreement
    figures: dict[str, float]


@dataclass(frozen=True)
class AgreementTraining:
    """temperature: divides the logits. names: the detector's labels.

    boxes: those that people drew. samples: whole photographs. detected, detected_samples: what
    the detector finds in photographs of both kinds.
    """

    tree: HypernymTree
    labels: SynsetLabels
    temperature: float
    names: Sequence[str]
    boxes: Views
    samples: Views
    detected: Views
    detected_samples: Views

    @cached_property
    def of_class(self) -> Mapping[str, tuple[str, ...] | None]:
        """For each class of the namer the detector's labels that it is; None where it is unclear.

        It is where a class is named with a word of a label that has no synset: a soup bowl.
        """
        own = {name: self.labels.synsets(name) for name in self.names}
        words = {name.split()[-1] for name, synsets in own.items() if not synsets}
        found: dict[str, tuple[str, ...] | None] = {}
        for class_ in self.tree.classes:
            kinds = tuple(name for name in self.names if self.tree.is_a(class_, own[name]))
            unclear = words & set(self.tree.synsets[class_].label.lower().split())
            found[class_] = None if unclear and not kinds else kinds
        return found

    def __call__(self) -> Agreed:
        """Fit the verifier, and the rule on what verifiers of other photographs say."""
        features, targets, groups = self._shown()
        inputs, right, places = self._judged()
        every = fit_verifier(self.names, features, targets)
        seen = torch.zeros(len(inputs), len(self.names) + 1)
        for fold in range(FOLDS):
            others = fit_verifier(
                self.names, features[groups % FOLDS != fold], targets[groups % FOLDS != fold]
            )
            seen[places % FOLDS == fold] = others(inputs[places % FOLDS == fold])
        terms = self._terms(seen.numpy())
        rule = Agreement(*logistic_regression(terms, right, SHRINKAGE))
        kept = sigmoid(terms @ np.array([getattr(rule, one) for one in TERMS])) >= KEEP
        figures = {
            "detections": float(len(right)),
            "detections: right": float(right.mean()),
            "kept: right": float(right[kept].mean()),
            "kept: share of the right ones": float(right[kept].sum() / right.sum()),
        }
        return Agreed(every, rule, figures)

    def _shown(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return features [N, F] of what shows a label or none, rows [N], and photographs [N]."""
        number = {name: row for row, name in enumerate(self.names)}
        none = len(self.names)
        found: list[tuple[Tensor, int, int]] = []
        for feature, fact in zip(self.boxes.features, self.boxes.facts, strict=True):
            found.append((feature, number[str(fact["label"])], _photo(fact)))
        for feature, fact in zip(self.detected.features, self.detected.facts, strict=True):
            if fact["nothing"]:
                found.append((feature, none, _photo(fact)))
        for views in (self.samples, self.detected_samples):
            for feature, fact in zip(views.features, views.facts, strict=True):
                kinds = self.of_class[str(fact["synset"])]
                if kinds is not None:
                    row = number[kinds[0]] if kinds else none
                    found.append((feature, row, _photo(fact)))
        features, rows, photos = zip(*found, strict=True)
        return torch.stack(features), torch.tensor(rows), torch.tensor(photos)

    def _detections(self) -> list[tuple[Tensor, Tensor, Mapping[str, object], bool]]:
        """Return the detections: features [F], logits [C], facts, and whether they are right."""
        found: list[tuple[Tensor, Tensor, Mapping[str, object], bool]] = []
        for views in (self.detected, self.detected_samples):
            for feature, row, fact in zip(views.features, views.logits, views.facts, strict=True):
                if "right" in fact:
                    found.append((feature, row, fact, bool(fact["right"])))
                elif (kinds := self.of_class[str(fact["synset"])]) is not None:
                    found.append((feature, row, fact, fact["label"] in kinds))
        return found

    def _judged(self) -> tuple[Tensor, np.ndarray, Tensor]:
        """Return features [M, F] of the detections, whether each is right [M], photographs [M]."""
        found = self._detections()
        right = np.array([one for *_, one in found], float)
        photos = torch.tensor([_photo(fact) for _, _, fact, _ in found])
        return torch.stack([feature for feature, *_ in found]), right, photos

    def _terms(self, seen: np.ndarray) -> np.ndarray:
        """Return the terms of the rule [M, 5] of all detections.

        Shapes:
            seen [M, L + 1]: what a verifier says of each
        """
        number = {name: row for row, name in enumerate(self.names)}
        terms = []
        for (_, row, fact, _), shown in zip(self._detections(), seen, strict=True):
            sums = self.tree.sums((row / self.temperature).softmax(0).numpy()[None])[0]
            label = str(fact["label"])
            other = best_other(self.tree, sums, self.labels.synsets(label))
            logs = np.log(np.array([shown[number[label]], shown[-1], other]) + EPSILON)
            score = fact["score"]
            assert isinstance(score, float)
            terms.append([float(logit(np.array(score))), *logs, 1.0])
        return np.array(terms)


def fit_verifier(labels: Sequence[str], features: Tensor, targets: Tensor) -> Verifier:
    """Return the regression of the labels on features.

    Shapes:
        features [N, F]; targets [N], the place of a label, or the number of labels for none
    """
    weight, bias = torch.zeros(len(labels) + 1, features.shape[1]), torch.zeros(len(labels) + 1)

    def loss() -> Tensor:
        entropy = F.cross_entropy(features @ weight.T + bias, targets)
        return entropy + WEIGHT_DECAY * weight.square().sum()

    minimise(loss, [weight, bias], STEPS)
    return Verifier(tuple(labels), weight, bias)


def _photo(fact: Mapping[str, object]) -> int:
    number = fact["photo"]
    assert isinstance(number, int)
    return number

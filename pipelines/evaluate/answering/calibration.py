"""Calibration of the confidence, and accuracy over coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kg.errors import SightGraphError
from kg.files import atomic_path

BINS = 15
"""As in Guo et al. (ICML 2017), so that figures compare."""
HALF = 0.5
"""The coverage at which answers are compared with all."""
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """The confidence of an answer, and whether it is right.

    abstained: the answer is "I don't know"; confidence and right are then those of its
        best candidate, which ranks below every answer that was given.

    Raises:
        SightGraphError: the confidence is no probability.
    """

    confidence: float
    right: bool
    abstained: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.confidence <= 1:  # also true of NaN
            raise SightGraphError(
                f"a confidence of {self.confidence} is no probability. Give one in [0, 1]."
            )


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The share of wrong answers among the most confident (El-Yaniv and Wiener, JMLR 2010).

    coverage, right [N]: shares of all, and of those right, after the first, the first two, ...
        of N answers, most confident first. Answers of equal confidence share their number right,
        because their order is arbitrary.
    """

    coverage: Numbers
    right: Numbers

    @property
    def risk(self) -> Numbers:
        """The share of wrong answers at each coverage."""
        return 1.0 - self.right

    @property
    def area(self) -> float:
        """The mean risk over all coverages: 0 is best."""
        return float(self.risk.mean())

    def accuracy(self, coverage: float) -> float:
        """Return the accuracy of the most confident `coverage` of all answers, at least one."""
        amount = max(1, math.ceil(coverage * len(self.right)))
        return float(self.right[amount - 1])


def calibration_error(judged: Sequence[Judged], bins: int = BINS) -> float:
    """Return the expected calibration error over equal-width bins (Guo et al., ICML 2017, eq. 3).

    ECE = Σ_b |B_b| / N · |accuracy(B_b) − confidence(B_b)|, bin b holding the confidences in
    (b / bins, (b + 1) / bins].
    """
    confidence, right = _arrays(judged)
    return _gap(confidence, right, _equal_bins(confidence, bins))


def adaptive_calibration_error(judged: Sequence[Judged], bins: int = BINS) -> float:
    """Return the same over bins of equally many answers (Nguyen and O'Connor, EMNLP 2015).

    Answers of equal confidence stay in one bin.
    """
    confidence, right = _arrays(judged)
    _, group, amount = np.unique(confidence, return_inverse=True, return_counts=True)
    middle = np.cumsum(amount) - amount / 2
    return _gap(confidence, right, (middle * bins / len(confidence)).astype(np.int64)[group])


def error_by_chance(judged: Sequence[Judged], bins: int = BINS) -> float:
    """Return the expected calibration error of the same confidences if every one of them is true.

    It is above 0, because few answers hardly ever hold just their expected number of right ones:
    a lower error cannot be told from none (Bröcker and Smith, Weather and Forecasting 2007).
    """
    confidence, _ = _arrays(judged)
    place = _equal_bins(confidence, bins)
    gaps = [_expected_gap(np.sort(confidence[place == one])) for one in np.unique(place)]
    return float(sum(gaps) / len(confidence))


def _expected_gap(chances: Numbers) -> float:
    """Return E|K − Σ p| of the number K of successes among independent trials of `chances` [n]."""
    number = np.ones(1)  # P(K = 0), P(K = 1), ...
    for chance in chances:
        number = np.convolve(number, [1 - chance, chance])
    return float(number @ np.abs(np.arange(len(number)) - chances.sum()))


def risk_coverage(judged: Sequence[Judged]) -> RiskCoverage:
    """Return the risk at every coverage; abstentions come last, by their best candidate."""
    confidence, right = _arrays(judged)
    # Above every abstention, whose confidence is at most 1.
    rank = confidence + 2.0 * np.array([not one.abstained for one in judged])
    _, group, amount = np.unique(-rank, return_inverse=True, return_counts=True)
    share = np.bincount(group, right) / amount
    number = np.arange(1, len(judged) + 1)
    return RiskCoverage(number / len(judged), np.cumsum(np.repeat(share, amount)) / number)


def figures(judged: Sequence[Judged]) -> dict[str, float]:
    """Return all figures by name; the ratio is left out where nothing at all is right."""
    curve = risk_coverage(judged)
    half, all_ = curve.accuracy(HALF), curve.accuracy(1.0)
    found = {
        f"calibration error, {BINS} equal bins": calibration_error(judged),
        f"calibration error, {BINS} equal bins, by chance": error_by_chance(judged),
        f"calibration error, {BINS} adaptive bins": adaptive_calibration_error(judged),
        "area under risk-coverage": curve.area,
        "accuracy at 50 % coverage": half,
        "accuracy at 100 % coverage": all_,
    }
    return found | ({"50 % over 100 % coverage": half / all_} if all_ > 0 else {})


def plot(judged: Sequence[Judged], target: Path) -> None:
    """Draw the risk-coverage curve to `target`, a PNG file."""
    from matplotlib.figure import Figure

    curve = risk_coverage(judged)
    given = sum(not one.abstained for one in judged) / len(judged)
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    axes.step(100 * curve.coverage, 100 * curve.risk, where="post", color="#2a6f97")
    axes.axhline(100 * curve.risk[-1], color="#b0b0b0", linewidth=1, linestyle="--")
    axes.axvline(100 * given, color="#d08030", linewidth=1, linestyle=":")
    half = 100 * (1 - curve.accuracy(HALF))
    axes.plot([100 * HALF], [half], "o", color="#2a6f97")
    axes.annotate(f"{half:.1f}", (100 * HALF, half), (4, -12), textcoords="offset points")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_xlabel("coverage: the most confident answers, %")
    axes.set_ylabel("risk: wrong among them, %")
    title = f"{len(judged)} questions; dashed: risk of all; right of the dots: it does not know"
    axes.set_title(title, fontsize=8)
    with atomic_path(target) as path:
        figure.savefig(path, format="png", dpi=150)


def _arrays(judged: Sequence[Judged]) -> tuple[Numbers, Numbers]:
    """Return confidence [N] and right [N], as 0 or 1."""
    if not judged:
        raise SightGraphError("there are no answers to measure. Ask at least one question.")
    return (
        np.array([one.confidence for one in judged], np.float64),
        np.array([one.right for one in judged], np.float64),
    )


def _equal_bins(confidence: Numbers, bins: int) -> NDArray[np.int64]:
    """Return the bin of each of N confidences [N]: the one whose upper end it does not exceed."""
    return (np.ceil(confidence * bins) - 1).clip(0).astype(np.int64)


def _gap(confidence: Numbers, right: Numbers, place: NDArray[np.int64]) -> float:
    """Return Σ_b |Σ_{i in b} (right_i − confidence_i)| / N; place [N]: the bin of each."""
    return float(np.abs(np.bincount(place, right - confidence)).sum() / len(confidence))

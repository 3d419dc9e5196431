"""The most probable layout in which everything said holds: a projection onto linear inequalities.

Each relation is a convex set of layouts (`pipelines.drawing.relations`), the learned layout a
Gaussian for each box. So the most probable layout within all sets is a quadratic programme,
which is solved in its dual by coordinate ascent (Hildreth, 1957). What is only desired, such as
boxes that do not cover each other, has a bounded multiplier: it gives way where it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from pipelines.drawing.relations import Row, Way

SWEEPS = 600
EXACT = 1e-5
"""Largest violation of what must hold, in heights of the picture."""
SETTLED = 1e-7
MAX_TRIES = 60
"""Programmes that are solved for one layout: each tries another way of a relation."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Boxes, and how far each relation is violated.

    Shapes: values [4 n]: centre x, centre y, width, height of each box, in heights of the picture
        violations [relations]
    """

    values: np.ndarray
    violations: np.ndarray

    @property
    def holds(self) -> bool:
        """Whether everything said holds."""
        return bool((self.violations <= EXACT).all())


def project(
    start: np.ndarray,
    covariance: np.ndarray,
    relations: Sequence[Sequence[Way]],
    always: Way,
    desired: Sequence[tuple[Row, float]] = (),
) -> Solution:
    """Return the most probable layout in which each relation holds in one of its ways.

    Where the first ways cannot hold together, others are searched from the least violated layout
    on, best first. If no layout is without violation, the least violated one is returned.

    start [4 n], covariance [4 n, 4 n]: of the learned layout.
    always: what holds of every layout, such as that it lies in the picture.
    desired: rows with the bounds of their multipliers.
    """
    chosen = (0,) * len(relations)
    seen = {chosen}
    waiting: list[tuple[float, int, tuple[int, ...], Solution]] = []

    def solve(choice: tuple[int, ...]) -> Solution:
        ways = [several[at] for several, at in zip(relations, choice, strict=True)]
        found = _solved(start, covariance, ways, always, desired)
        heappush(waiting, (float(found.violations.sum()), len(seen), choice, found))
        return found

    best = solve(chosen)
    columns = [_columns(several) for several in relations]
    while not best.holds and waiting and len(seen) < MAX_TRIES:
        _, _, chosen, found = heappop(waiting)
        violated = [at for at, over in enumerate(found.violations) if over > EXACT]
        about = frozenset[int]().union(*(columns[at] for at in violated))
        for at, several in enumerate(relations):
            for way in range(len(several)) if columns[at] & about else ():
                other = (*chosen[:at], way, *chosen[at + 1 :])
                if other not in seen and len(seen) < MAX_TRIES and not best.holds:
                    seen.add(other)
                    found = solve(other)
                    if found.violations.sum() < best.violations.sum():
                        best = found
    return best


def _columns(several: Sequence[Way]) -> frozenset[int]:
    """Return the sides that the ways of a relation speak of."""
    return frozenset(int(one) for way in several for row, _ in way for one in np.flatnonzero(row))


def _solved(
    start: np.ndarray,
    covariance: np.ndarray,
    ways: Sequence[Way],
    always: Way,
    desired: Sequence[tuple[Row, float]],
) -> Solution:
    rows = [*always, *(row for way in ways for row in way)]
    hard = len(rows)
    rows += [row for row, _ in desired]
    matrix = np.stack([row for row, _ in rows])
    bounds = np.array([bound for _, bound in rows])
    limits = np.concatenate([np.full(hard, np.inf), [limit for _, limit in desired]])
    values = hildreth(start, covariance, matrix, bounds, limits, hard)
    over = np.maximum(matrix[:hard] @ values - bounds[:hard], 0)
    owner = np.repeat(np.arange(len(ways)), [len(way) for way in ways])
    violations = np.zeros(len(ways))
    np.maximum.at(violations, owner, over[len(always) :])
    if len(ways) and len(always):  # what leaves the picture is no solution either
        violations = np.where(over[: len(always)].max() > EXACT, violations + EXACT * 2, violations)
    return Solution(values, violations)


def hildreth(
    start: np.ndarray,
    covariance: np.ndarray,
    matrix: np.ndarray,
    bounds: np.ndarray,
    limits: np.ndarray,
    hard: int,
) -> np.ndarray:
    """Return argmin (z - start)ᵀ covariance⁻¹ (z - start) subject to matrix @ z <= bounds.

    Shapes (C inequalities): z, start [V]; covariance [V, V]; matrix [C, V]
        bounds, limits [C]: limits are of the multipliers
        hard: the first of them, which must hold
    """
    scaled = matrix @ covariance
    gram = scaled @ matrix.T
    diagonal = np.maximum(np.diag(gram), 1e-12)
    over = matrix @ start - bounds
    multipliers = np.zeros(len(bounds))
    for _ in range(SWEEPS):
        moved = 0.0
        for one in range(len(bounds)):
            new = min(max(multipliers[one] + over[one] / diagonal[one], 0.0), limits[one])
            step = new - multipliers[one]
            if step:
                multipliers[one] = new
                over -= gram[one] * step
                moved = max(moved, abs(step) * diagonal[one])
        if moved < SETTLED:
            break
    return np.asarray(start - scaled.T @ multipliers)

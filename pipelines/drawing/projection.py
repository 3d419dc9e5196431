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

SWEEPS = 300
EXACT = 1e-3
"""Largest violation of what must hold, in heights of the picture: half a pixel, a fifth of the
margin by which every place is stricter than what a picture must show."""
SETTLED = 1e-5
MAX_TRIES = 60
"""Programmes that are solved for one layout: each tries another way of a relation."""
MAX_WORK = 600_000
"""Inequalities that these programmes together may visit: two seconds. It is counted, not timed, so
that the same text gives the same layout."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Boxes, and how far each relation is violated.

    Shapes: values [4 n]: centre x, centre y, width, height of each box, in heights of the picture
        violations [relations]
    work: inequalities that were visited.
    """

    values: np.ndarray
    violations: np.ndarray
    work: int = 0

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
    work = 0
    waiting: list[tuple[float, int, tuple[int, ...], Solution]] = []

    def solve(choice: tuple[int, ...]) -> Solution:
        nonlocal work
        ways = [several[at] for several, at in zip(relations, choice, strict=True)]
        found = _solved(start, covariance, ways, always, desired)
        work += found.work
        if not found.holds and desired:  # sooner solved without what is only desired
            bare = _solved(start, covariance, ways, always)
            work += bare.work
            found = bare if bare.violations.sum() < found.violations.sum() else found
        heappush(waiting, (float(found.violations.sum()), len(seen), choice, found))
        return found

    best = solve(chosen)
    columns = [_columns(several) for several in relations]
    while not best.holds and waiting and len(seen) < MAX_TRIES and work < MAX_WORK:
        _, _, chosen, found = heappop(waiting)
        violated = [at for at, over in enumerate(found.violations) if over > EXACT]
        about = frozenset[int]().union(*(columns[at] for at in violated))
        for at, several in enumerate(relations):
            for way in range(len(several)) if columns[at] & about else ():
                other = (*chosen[:at], way, *chosen[at + 1 :])
                is_over = best.holds or len(seen) >= MAX_TRIES or work >= MAX_WORK
                if other not in seen and not is_over:
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
    desired: Sequence[tuple[Row, float]] = (),
) -> Solution:
    rows = [*always, *(row for way in ways for row in way)]
    hard = len(rows)
    rows += [row for row, _ in desired]
    matrix = np.stack([row for row, _ in rows])
    bounds = np.array([bound for _, bound in rows])
    limits = np.concatenate([np.full(hard, np.inf), [limit for _, limit in desired]])
    values, sweeps = hildreth(start, covariance, matrix, bounds, limits)
    over = np.maximum(matrix[:hard] @ values - bounds[:hard], 0)
    owner = np.repeat(np.arange(len(ways)), [len(way) for way in ways])
    violations = np.zeros(len(ways))
    np.maximum.at(violations, owner, over[len(always) :])
    if len(ways) and len(always):  # what leaves the picture is no solution either
        violations = np.where(over[: len(always)].max() > EXACT, violations + 2 * EXACT, violations)
    return Solution(values, violations, sweeps * len(rows))


def hildreth(
    start: np.ndarray,
    covariance: np.ndarray,
    matrix: np.ndarray,
    bounds: np.ndarray,
    limits: np.ndarray,
) -> tuple[np.ndarray, int]:
    """Return argmin (z - start)ᵀ covariance⁻¹ (z - start) subject to matrix @ z <= bounds, and
    how many sweeps it took.

    Shapes (C inequalities): z, start [V]; covariance [V, V]; matrix [C, V]
        bounds, limits [C]: limits are of the multipliers
    """
    scaled = matrix @ covariance
    gram = scaled @ matrix.T
    diagonal = np.maximum(np.diag(gram), 1e-12)
    over = matrix @ start - bounds
    multipliers = np.zeros(len(bounds))
    sweeps = 0
    moved = np.inf
    while sweeps < SWEEPS and moved >= SETTLED:
        moved, sweeps = 0.0, sweeps + 1
        for one in range(len(bounds)):
            new = min(max(multipliers[one] + over[one] / diagonal[one], 0.0), limits[one])
            step = new - multipliers[one]
            if step:
                multipliers[one] = new
                over -= gram[one] * step
                moved = max(moved, abs(step) * diagonal[one])
    return np.asarray(start - scaled.T @ multipliers), sweeps

"""How long the steps of a computation take."""

from __future__ import annotations

from time import perf_counter
from typing import TypeVar

Result = TypeVar("Result")


class Timer:
    """Wall-clock time by step, in milliseconds."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}
        self._started = self._last = perf_counter()

    def __call__(self, step: str, result: Result) -> Result:
        """Return `result`, which `step` has just computed, and keep the time it took."""
        now = perf_counter()
        self.milliseconds[step] = (now - self._last) * 1000
        self.milliseconds["total"] = (now - self._started) * 1000
        self._last = now
        return result

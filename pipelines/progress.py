"""What long work says on stderr, since stdout holds results only: how far it is, what failed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

from kg.errors import SightGraphError

Item = TypeVar("Item")


def track(items: Iterable[Item], what: str, total: int | None = None) -> Iterable[Item]:
    """Return `items` as they are, and show how many of them were taken.

    total: how many there are, where `items` has no length.
    """
    from rich import progress
    from rich.console import Console

    return progress.track(items, what, total, console=Console(stderr=True))


def failure(what: str, error: Exception) -> str:
    """Return why `what` failed, and print it on stderr: the work goes on with the next."""
    kind = "" if isinstance(error, SightGraphError) else f"{type(error).__name__}: "
    reason = f"{kind}{error}"
    print(f"sightgraph: {what} failed: {reason}", file=sys.stderr)
    return reason


def stopped_after(done: int, total: int) -> None:
    """Say on stderr that Ctrl-C ended the work, and that what is reported is of what was done.

    Raises:
        KeyboardInterrupt: nothing was done.
    """
    if not done:
        raise KeyboardInterrupt
    print(f"sightgraph: stopped after {done} of {total}: the figures are of these", file=sys.stderr)

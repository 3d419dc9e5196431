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


def until_stopped(work: Iterable[Item], what: str, total: int) -> list[Item]:
    """Do `work`, which is done as it is taken, and show how much of `total` is done.

    Ctrl-C ends it without costing what was done, and stderr says that figures are of that.

    Raises:
        KeyboardInterrupt: Ctrl-C came before anything was done.
    """
    done: list[Item] = []
    try:
        for one in track(work, what, total):
            done.append(one)
    except KeyboardInterrupt:
        if not done:
            raise
        said = f"stopped after {len(done)} of {total}: the figures are of these"
        print(f"sightgraph: {said}", file=sys.stderr)
    return done

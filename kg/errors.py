"""The errors that a user can correct."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SightGraphError(Exception):
    """Something that the caller gave cannot be used.

    The message says what was wrong, with which input, and how to fix it. The
    command line prints it on one line and leaves with exit code 2.
    """


class UnknownNameError(SightGraphError, KeyError):
    """Nothing is registered under the requested name."""

    __str__ = Exception.__str__


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for an unknown `name`, with the nearest known name and all of them."""
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
    return UnknownNameError(f"unknown {kind} '{name}'.{hint} Known: {', '.join(names)}.")

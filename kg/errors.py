"""The errors that a user can correct."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_VALUE = 200
"""Characters of a value that a message repeats."""
MAX_MESSAGE = 1000
"""Characters of a message; the middle of a longer one is left out."""
_LONG_VALUE = re.compile(rf"'[^']{{{MAX_VALUE},}}'|[^\s']{{{MAX_VALUE},}}")


class SightGraphError(Exception):
    """Something that the caller gave cannot be used.

    The message says what was wrong, with which input, and how to fix it. The
    command line prints it on one line and leaves with exit code 2.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(str(message)))


class SightGraphWarning(UserWarning):
    """Something that the caller gave is used in part, or not as it was probably meant."""

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(str(message)))


class UnknownNameError(SightGraphError, KeyError):
    """Nothing is registered under the requested name."""

    __str__ = Exception.__str__


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for an unknown `name`, with the nearest known name and all of them."""
    import difflib  # not needed where nothing is wrong

    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
    return UnknownNameError(f"unknown {kind} '{name}'.{hint} Known: {', '.join(names)}.")


def printable(message: str) -> str:
    r"""Return `message` with long values cut and with control characters escaped.

    Messages repeat values of files and of servers, which must not reach a terminal as they are.

    >>> printable("bad value '\x1b[31m'")
    "bad value '\\x1b[31m'"
    """
    shorter = _LONG_VALUE.sub(_cut, message)
    if len(shorter) > MAX_MESSAGE:
        shorter = f"{shorter[: MAX_MESSAGE - MAX_VALUE]} ... {shorter[-MAX_VALUE:]}"
    return "".join(
        one if one.isprintable() or one in "\n\t" else one.encode("unicode_escape").decode()
        for one in shorter
    )


def _cut(value: re.Match[str]) -> str:
    text = value[0]
    closing = "'" if text.startswith("'") else ""
    return f"{text[:MAX_VALUE]}...{closing}"

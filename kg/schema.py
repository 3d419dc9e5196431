"""Checks of values that come from outside: types, ranges, and that numbers are finite.

Each check returns the value in its type, or raises a `ValueError` that names the field and what
it should have been; the reader adds the file and the entry.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kg.errors import SightGraphError

MAX_COORDINATE = 1e9
"""Pixels; a larger coordinate is a mistake, and overflows in the geometry of boxes."""
MAX_WEIGHT = 1e12
"""Magnitude of a weight; no training reaches it, and products of larger ones overflow float32."""
MAX_SIDE = 10_000_000
"""Pixels of a photograph's side."""
MAX_SECONDS = 1e7
"""Of a video; four months."""
MAX_RATE = 1e9
"""Vectors a second of a recording."""
MAX_JSON_BYTES = 1_000_000_000
"""Larger JSON files are refused: they are read as a whole."""


def read_json(source: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        SightGraphError: the file cannot be read, is no JSON (with line), is nested too deeply,
            or holds an integer that is too long. NaN and infinities are left to `finite`.
    """
    try:
        if source.stat().st_size > MAX_JSON_BYTES:
            raise SightGraphError(f"'{source}' is larger than {MAX_JSON_BYTES // 1_000_000} MB.")
        return json.loads(source.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise SightGraphError(f"{source}, line {error.lineno}: {error.msg}.") from error
    except UnicodeDecodeError as error:
        raise SightGraphError(f"{source}, byte {error.start}: not UTF-8.") from error
    except OSError as error:
        raise SightGraphError(f"'{source}' cannot be read: {error.strerror}.") from error
    except RecursionError as error:
        raise SightGraphError(f"'{source}' is nested too deeply.") from error
    except ValueError as error:
        raise SightGraphError(f"'{source}' holds a number that cannot be used: {error}.") from error


def finite(value: Any, field: str, most: float = math.inf) -> float:
    """Return a number whose absolute value is at most `most`; a text that spells one will do.

    Raises:
        ValueError: it is no such number.
    """
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or abs(number) > most:
        raise ValueError(f"{field} is {_shown(value)}, which is no finite number of usual size")
    return number


def is_number(text: str) -> bool:
    """Whether a text is a number, as Python reads it."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def share(value: Any, field: str) -> float:
    """Return a number in [0, 1].

    Raises:
        ValueError: it is none.
    """
    number = finite(value, field)
    if not 0 <= number <= 1:
        raise ValueError(f"{field} is {_shown(value)}, which does not lie between 0 and 1")
    return number


def whole(value: Any, field: str, least: int = 0, most: int = 2**53) -> int:
    """Return an integer between `least` and `most`.

    Raises:
        ValueError: it is none.
    """
    number = value if type(value) is int else finite(value, field)
    if number != int(number) or not least <= number <= most:
        raise ValueError(f"{field} is {_shown(value)}, which is no integer from {least} to {most}")
    return int(number)


def text(value: Any, field: str, empty: bool = True) -> str:
    """Return a text that UTF-8 can hold.

    Raises:
        ValueError: it is none, or it is empty and must not be.
    """
    if not isinstance(value, str):
        raise ValueError(f"{field} is {_shown(value)}, which is no text")
    if any("\ud800" <= one <= "\udfff" for one in value):
        raise ValueError(f"{field} is {_shown(value)}, which holds half a character (a surrogate)")
    if not empty and not value.strip():
        raise ValueError(f"{field} is empty")
    return value


def texts(value: Any, field: str) -> tuple[str, ...]:
    """Return a list of texts; none if `value` is None.

    Raises:
        ValueError: it is no list, or one of its members is no text.
    """
    return tuple(text(one, field) for one in sequence(value if value is not None else [], field))


def sequence(value: Any, field: str, length: int | None = None) -> Sequence[Any]:
    """Return a list, of `length` members if that is given.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, list | tuple) or length not in (None, len(value)):
        members = "" if length is None else f" of {length} values"
        raise ValueError(f"{field} is {_shown(value)}, which is no list{members}")
    return value


def mapping(value: Any, field: str) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{field} is {_shown(value)}, which is no object with named values")
    return value


def corners(value: Any, field: str) -> tuple[float, float, float, float]:
    """Return four finite numbers.

    Raises:
        ValueError: it is anything else.
    """
    a, b, c, d = (finite(one, field, MAX_COORDINATE) for one in sequence(value, field, 4))
    return a, b, c, d


def intervals(value: Any, field: str) -> tuple[tuple[float, float], ...]:
    """Return a list of (start, end) in seconds; none if `value` is None.

    Raises:
        ValueError: it is no list of such pairs, or one ends before it starts or starts before 0.
    """
    found = []
    for pair in sequence(value if value is not None else [], field):
        start, end = (finite(one, field, MAX_SECONDS) for one in sequence(pair, field, 2))
        if not 0 <= start <= end:
            raise ValueError(f"{field} is [{start:g}, {end:g}], which is no interval in seconds")
        found.append((start, end))
    return tuple(found)


def weights_in_range(name: str, least: float, most: float) -> None:
    """Check the smallest and the largest number of a model's array.

    Raises:
        ValueError: one is not finite (a NaN anywhere makes both NaN), or larger than `MAX_WEIGHT`.
    """
    if not -MAX_WEIGHT <= least <= most <= MAX_WEIGHT:
        raise ValueError(
            f"the weights '{name}' reach from {least:.3g} to {most:.3g}; a trained model's are "
            f"finite and within {MAX_WEIGHT:.0e}. The file is damaged"
        )


def arrays_in_range(arrays: Mapping[str, Any]) -> None:
    """Check the numbers of NumPy arrays that were read from a file (`weights_in_range`).

    Raises:
        ValueError: one is not finite, or larger than `MAX_WEIGHT`.
    """
    for name, array in arrays.items():
        if array.dtype.kind == "f" and array.size:
            weights_in_range(name, float(array.min()), float(array.max()))


def _shown(value: Any) -> str:
    """Return the beginning of a value; `SightGraphError` cuts and escapes further."""
    if isinstance(value, int) and abs(value) > 10**30:
        return "an integer of over 30 digits"
    return f"'{value}'" if isinstance(value, str) else repr(value)[:MAX_SHOWN]


MAX_SHOWN = 80
"""Characters of a value in a message."""

"""Reading any dataclass of options from YAML, with its types checked."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, asdict, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from reprlib import Repr
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError, unknown_name

MAX_CONFIG_BYTES = 1_000_000
"""Configs are written by hand; reading YAML takes long and much memory."""
MAX_BITS = 63
"""Of a whole number; more fit into no tensor, and into no float."""
T = TypeVar("T")


def read_config(
    kind: type[T],
    source: Path | Mapping[str, Any] | None = None,
    defaults: T | None = None,
    **given: Any,
) -> T:
    """Return an instance of the dataclass `kind`: its defaults, then `source`, then `given`.

    defaults: replaces the defaults of the class.
    source: a YAML file, or a mapping as such a file holds. A field that is itself a dataclass
        is a mapping there.
    given: a value of None means that the option was not given.

    Raises:
        SightGraphError: the file cannot be read; a key is unknown; a value has the wrong type.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Training:
    ...     epochs: int = 5
    ...     rate: float = 0.001
    >>> read_config(Training, {"rate": 1}, epochs=2)
    Training(epochs=2, rate=1.0)
    """
    name = str(source) if isinstance(source, Path) else "the config"
    values = _read_yaml(source) if isinstance(source, Path) else dict(source or {})
    below = {} if defaults is None else asdict(defaults)  # type: ignore[call-overload]
    values = _merged(
        _merged(below, values), {key: value for key, value in given.items() if value is not None}
    )
    return cast(T, _filled(kind, values, "", name))


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > MAX_CONFIG_BYTES:
            raise SightGraphError(f"the config '{file}' is larger than {MAX_CONFIG_BYTES} bytes.")
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SightGraphError(f"cannot read the config '{file}': {reason}.") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise SightGraphError(
            f"{file}{line}: this is not YAML ({getattr(error, 'problem', None) or error}). "
            "Write one 'key: value' on a line."
        ) from error
    except (RecursionError, ValueError, OverflowError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SightGraphError(f"{file}: the config cannot be read: {reason}.") from error
    if not isinstance(values, dict | None):
        raise SightGraphError(
            f"{file}: a config is a list of 'key: value' lines, not {_shown(values)}."
        )
    return values or {}


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings, nested ones key by key; `above` takes precedence."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        merged[key] = _merged(under, value) if both else value  # type: ignore[arg-type]
    return merged


def _filled(kind: type[Any], values: Mapping[Any, Any], path: str, name: str) -> Any:
    known = {field.name: field for field in fields(kind) if field.init}
    for key in values:
        if key not in known:
            raise SightGraphError(
                f"{name}: {unknown_name('key', f'{path}{key}', _at(path, known))}"
            )
    missing = [key for key, field in known.items() if _required(field) and key not in values]
    if missing:
        raise SightGraphError(
            f"{name}: the key '{path}{missing[0]}' is missing; it has no default."
        )
    hints = get_type_hints(kind)
    typed = {key: _value(hints[key], one, f"{path}{key}", name) for key, one in values.items()}
    try:
        return kind(**typed)
    except SightGraphError as error:  # a value out of its range
        where = f"{path.rstrip('.')}: " if path else ""
        raise SightGraphError(f"{name}: {where}{error}") from error


def _at(path: str, known: Mapping[str, Any]) -> list[str]:
    return [f"{path}{key}" for key in known]


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(kind: Any, value: Any, key: str, name: str) -> Any:
    """Return `value` as a `kind`.

    Raises:
        SightGraphError: the value does not have this type, or is a number of over 64 bits.
    """
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise SightGraphError(f"{name}: '{key}' is a whole number of over {MAX_BITS} bits.")
    return _typed(kind, value, key, name)


def _typed(kind: Any, value: Any, key: str, name: str) -> Any:
    origin = get_origin(kind)
    if is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, kind):
            return value
        if isinstance(value, Mapping):
            return _filled(kind, value, f"{key}.", name)
    elif origin in (Union, types.UnionType):
        return _any_of(get_args(kind), value, key, name)
    elif origin is Literal:
        if any(value == one and type(value) is type(one) for one in get_args(kind)):
            return value
    elif origin in (tuple, list) and isinstance(value, list | tuple):
        return _sequence(kind, value, key, name)
    elif origin is dict and isinstance(value, Mapping):
        _, inner = get_args(kind)
        return {str(k): _value(inner, one, f"{key}.{k}", name) for k, one in value.items()}
    else:
        found = _scalar(kind, value)
        if found is not None or kind in (None, types.NoneType, Any):
            return found
    written = value if isinstance(value, str) else ""
    nearest = get_close_matches(written, map(str, get_args(kind)), n=1, cutoff=0.5)
    hint = f" Did you mean '{nearest[0]}'?" if origin is Literal and nearest else ""
    raise SightGraphError(f"{name}: '{key}' is {_shown(value)}; expected {expected(kind)}.{hint}")


def _any_of(kinds: tuple[Any, ...], value: Any, key: str, name: str) -> Any:
    """Return `value` as the first type of `kinds` that accepts it."""
    if value is None and types.NoneType in kinds:
        return None
    others = [kind for kind in kinds if kind is not types.NoneType]
    if len(others) == 1 and (value is not None) and is_dataclass(others[0]):
        return _value(others[0], value, key, name)  # its own error is more precise
    for kind in others:
        try:
            return _value(kind, value, key, name)
        except SightGraphError:
            continue
    right = " or ".join(expected(kind) for kind in kinds)
    raise SightGraphError(f"{name}: '{key}' is {_shown(value)}; expected {right}.")


def _sequence(kind: Any, value: list[Any] | tuple[Any, ...], key: str, name: str) -> Any:
    inner = get_args(kind)
    if get_origin(kind) is list or inner[-1] is Ellipsis:
        kinds = (inner[0],) * len(value)
    elif len(inner) == len(value):
        kinds = inner
    else:
        raise SightGraphError(
            f"{name}: '{key}' has {len(value)} values; expected {expected(kind)}."
        )
    made = (
        _value(one, x, f"{key}[{at}]", name)
        for at, (one, x) in enumerate(zip(kinds, value, strict=True))
    )
    return list(made) if get_origin(kind) is list else tuple(made)


def _scalar(kind: Any, value: Any) -> Any:
    """Return `value` as the plain type `kind`, or None if it has another type."""
    if kind is Any:
        return value
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind, value)
    if kind is Path:
        return Path(value) if isinstance(value, str | Path) else None
    if kind is float:
        return _number(value)
    if kind is bool or not isinstance(value, bool):
        return value if isinstance(kind, type) and isinstance(value, kind) else None
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)  # YAML 1.1 reads 1e-3, without a point, as a string
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _enum(kind: type[Enum], value: Any) -> Enum | None:
    return next((one for one in kind if value in (one, one.name, one.value)), None)


def expected(kind: Any) -> str:
    """Return what a config has to write for a value of this type, for a message."""
    plain = {
        int: "a whole number",
        float: "a finite number",
        str: "text",
        bool: "true or false",
        Path: "a path",
        types.NoneType: "null",
    }
    if kind in plain:
        return plain[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(expected(one) for one in inner)
    if origin is Callable:
        return "a function, which a config cannot write"
    if origin is Literal:
        return " or ".join(f"'{one}'" if isinstance(one, str) else str(one) for one in inner)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(f"'{one.value}'" for one in kind)
    if origin is list or (origin is tuple and inner[-1] is Ellipsis):
        return f"a list, each {expected(inner[0])}"
    if origin is tuple:
        return f"a list of {', '.join(expected(one) for one in inner)}"
    if origin is dict or is_dataclass(kind):
        return "'key: value' lines, indented"
    return str(kind)


def _shown(value: Any) -> str:
    """Return a value for a message; nested ones are cut, since aliases can repeat them for ever."""
    if value is None:
        return "null"
    return f"'{_CUT.repr(value)}'" if isinstance(value, Mapping | list | tuple) else f"'{value}'"


_CUT = Repr()
_CUT.maxlevel = 2

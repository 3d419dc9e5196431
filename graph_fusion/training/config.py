"""The options of a training, and how they are read from YAML."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from reprlib import Repr
from typing import (
    Any,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import yaml  # type: ignore[import-untyped]

from kg.errors import SightGraphError, unknown_name

Precision: TypeAlias = Literal["32-true", "bf16-mixed", "16-mixed"]
Accelerator: TypeAlias = Literal["auto", "cpu", "gpu"]
Log: TypeAlias = Literal["csv", "tensorboard", "none"]


MAX_CONFIG_BYTES = 1_000_000
"""Configs are written by hand; reading YAML takes long and much memory."""
MAX_BITS = 63
"""Of a whole number; more fit into no tensor, and into no float."""
MAX_NUMBER = 10**9
"""Of any count or size in a config."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How to train, with defaults that work for small models.

    batch_size: examples per step and process; `devices` processes average their gradients, each
        of its own mean loss (`Objective.shares_batches` says when that is the loss of them all).
    optimiser: by name; sgd has momentum 0.9.
    learning_rate: the peak; it rises over the `warmup` share of all steps, then falls to zero
        along a half cosine ("cosine") or a line ("linear"), or stays ("constant").
    clip: maximum norm of the gradient of all parameters together; None: no clipping.
    average: decay of the moving average of the weights, which is then validated and saved; it
        starts low, (t + 1) / (t + 10) at step t. 0: no average.
    watch, watch_for: the validation figure that chooses the best epoch, and whether its minimum
        or its maximum is best; None, or no validation examples: the last epoch is kept.
    patience: stop after so many epochs without improvement of the watched figure; None: never.
    devices: number of processes, each on its own GPU, or on one thread of the CPU.
    log: where figures are written: "csv": metrics.csv and curves.png; "tensorboard": these and
        TensorBoard's event files; "none": nowhere.
    workers: processes that prepare batches; 0: the training process prepares them itself.
    save_every: steps between checkpoints within an epoch; each epoch ends with one as well.
    restart: forget an earlier run in the folder, once there is something to train on.
    """

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup: float = 0.0
    clip: float | None = 1.0
    average: float = 0.0
    watch: str | None = "loss"
    watch_for: Literal["min", "max"] = "min"
    patience: int | None = None
    precision: Precision = "32-true"
    devices: int = 1
    accelerator: Accelerator = "auto"
    log: Log = "csv"
    workers: int = 0
    save_every: int = 1000
    seed: int = 0
    restart: bool = False

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "devices", "save_every"):
            right = 1 <= getattr(self, name) <= MAX_NUMBER
            self._check(name, right, f"at least 1, and at most {MAX_NUMBER}")
        self._check("patience", self.patience is None or self.patience >= 1, "at least 1, or null")
        if self.patience is not None and self.watch is None:
            raise SightGraphError("patience needs a figure to watch. Set watch, say to 'loss'.")
        self._check("learning_rate", 0 < self.learning_rate < math.inf, "above 0, and finite")
        self._check("clip", self.clip is None or self.clip > 0, "above 0, or null")
        self._check("weight_decay", 0 <= self.weight_decay < math.inf, "at least 0, and finite")
        for name in ("workers", "seed"):
            right = 0 <= getattr(self, name) <= MAX_NUMBER
            self._check(name, right, f"at least 0, and at most {MAX_NUMBER}")
        self._check("warmup", 0 <= self.warmup <= 1, "a share in [0, 1]")
        self._check("average", 0 <= self.average < 1, "a share in [0, 1)")

    def _check(self, name: str, right: bool, expected: str) -> None:
        if not right:
            raise SightGraphError(f"'{name}' is {getattr(self, name)}; it must be {expected}.")

    def rate(self, step: int, steps: int) -> float:
        """Return the factor on the learning rate at `step`, counted from 0, of `steps`."""
        warm = round(self.warmup * steps)
        if step < warm:
            return (step + 1) / warm
        if self.schedule == "constant":
            return 1.0
        done = (step - warm) / max(steps - warm, 1)
        return 1 - done if self.schedule == "linear" else (1 + math.cos(math.pi * done)) / 2

    def is_better(self, figure: float, best: float) -> bool:
        """Return whether the watched `figure` is strictly better than the `best` so far."""
        better = figure < best if self.watch_for == "min" else figure > best
        return better or (math.isnan(best) and not math.isnan(figure))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """Options that all trainings share; the subclass of a model adds its own and its defaults.

    `TrainingConfig` documents the fields. The bundled models were trained on the CPU, so it is
    the default here.
    """

    precision: Precision = "32-true"
    devices: int = 1
    accelerator: Accelerator = "cpu"
    log: Log = "csv"
    workers: int = 0
    seed: int = 0
    restart: bool = False

    def __post_init__(self) -> None:
        self.config()  # checks what it shares
        for name, value in self.others().items():
            for number in value if isinstance(value, tuple) else (value,):
                if type(number) in (int, float) and not 0 <= number <= MAX_NUMBER:
                    raise SightGraphError(
                        f"'{name}' is {number}; it must be at least 0, and at most {MAX_NUMBER}."
                    )

    def config(self, **others: Any) -> TrainingConfig:
        """Return a config with the values of the fields of the same name, and `others`."""
        known = {field.name for field in fields(TrainingConfig)}
        mine = {name: value for name, value in asdict(self).items() if name in known}
        return TrainingConfig(**(mine | others))

    def others(self) -> dict[str, Any]:
        """Return the options that `TrainingConfig` does not have; the weights depend on them."""
        known = {field.name for field in fields(TrainingConfig)}
        return {
            name: str(value) if isinstance(value, Path) else value
            for name, value in asdict(self).items()
            if name not in known
        }


def recorded(options: Any) -> dict[str, Any]:
    """Return the fields as they stand beside weights: without `restart`, which is one command's."""
    return asdict(options, dict_factory=lambda pairs: {k: v for k, v in pairs if k != "restart"})


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
    raise SightGraphError(f"{name}: '{key}' is {_shown(value)}; expected {_expected(kind)}.{hint}")


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
    expected = " or ".join(_expected(kind) for kind in kinds)
    raise SightGraphError(f"{name}: '{key}' is {_shown(value)}; expected {expected}.")


def _sequence(kind: Any, value: list[Any] | tuple[Any, ...], key: str, name: str) -> Any:
    inner = get_args(kind)
    if get_origin(kind) is list or inner[-1] is Ellipsis:
        kinds = (inner[0],) * len(value)
    elif len(inner) == len(value):
        kinds = inner
    else:
        raise SightGraphError(
            f"{name}: '{key}' has {len(value)} values; expected {_expected(kind)}."
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


def _expected(kind: Any) -> str:
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
    if origin is Literal:
        return " or ".join(f"'{one}'" if isinstance(one, str) else str(one) for one in inner)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " or ".join(f"'{one.value}'" for one in kind)
    if origin is list or (origin is tuple and inner[-1] is Ellipsis):
        return f"a list, each {_expected(inner[0])}"
    if origin is tuple:
        return f"a list of {', '.join(_expected(one) for one in inner)}"
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

"""Checkpoints without pickle: a safetensors file whose metadata holds the nesting as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from kg.errors import SightGraphError
from kg.files import atomic_path, write_text

STATE = "state"
"""Key in the metadata of the safetensors file, which maps strings to strings."""


def save_state(state: Any, file: Path) -> None:
    """Write `state`, whole or not at all: tensors, plain values, and mappings and lists of them.

    A tensor is named by its path, "optimizer_states/0/state/3/exp_avg". The rest is JSON, where
    {"tensor": name}, {"map": [[key, value], ...]}, {"tuple": [...]} and {"float": "nan"} encode
    values that JSON lacks (keys of a mapping may be numbers).

    Raises:
        SightGraphError: the file cannot be written.
        TypeError: a value cannot be saved without pickle.
    """
    tensors: dict[str, Tensor] = {}
    shape = _packed(state, (), tensors, set())
    with atomic_path(file) as path:
        save_file(tensors, path, {STATE: json.dumps(shape, allow_nan=False)})


def load_state(file: Path) -> Any:
    """Return what `save_state` wrote, on the CPU.

    Raises:
        SightGraphError: the file is missing, damaged, or not a checkpoint.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            shape = json.loads((opened.metadata() or {})[STATE])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        return _unpacked(shape, tensors)
    except (
        OSError,
        SafetensorError,
        KeyError,
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise SightGraphError(
            f"'{file}' is no checkpoint of a training ({error}). Delete it to start over."
        ) from error


def save_model(folder: Path, weights: Mapping[str, Tensor], config: Any) -> None:
    """Write a model folder: model.safetensors and config.json, each whole or not at all.

    Raises:
        SightGraphError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / "model.safetensors") as path:
        save_file({name: value.contiguous() for name, value in weights.items()}, path)
    write_text(folder / "config.json", json.dumps(config, indent=1) + "\n")


def _packed(value: Any, path: tuple[str, ...], tensors: dict[str, Tensor], seen: set[int]) -> Any:
    if isinstance(value, Tensor):
        name = "/".join(path) or "value"
        while name in tensors:
            name += "'"
        tensors[name] = _alone(value, seen)
        return {"tensor": name}
    if isinstance(value, Mapping):
        items = ((k, _packed(one, (*path, str(k)), tensors, seen)) for k, one in value.items())
        return {"map": [[_key(key, path), one] for key, one in items]}
    if isinstance(value, list | tuple):
        inner = [_packed(one, (*path, str(at)), tensors, seen) for at, one in enumerate(value)]
        return inner if isinstance(value, list) else {"tuple": inner}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"'{'/'.join(path)}' is a {type(value)}, which a checkpoint does not keep")


def _key(key: Any, path: tuple[str, ...]) -> Any:
    if type(key) in (bool, int, str):
        return key
    raise TypeError(f"'{'/'.join(path)}' has a key {key!r}, which a checkpoint does not keep")


def _alone(tensor: Tensor, seen: set[int]) -> Tensor:
    """Return the tensor on the CPU, sharing memory with no other (tied weights)."""
    tensor = tensor.detach().cpu().contiguous()
    where = tensor.untyped_storage().data_ptr()
    if where in seen or tensor.untyped_storage().nbytes() != tensor.nbytes:
        tensor = tensor.clone()
        where = tensor.untyped_storage().data_ptr()
    if tensor.numel():
        seen.add(where)
    return tensor


def _unpacked(shape: Any, tensors: Mapping[str, Tensor]) -> Any:
    if isinstance(shape, list):
        return [_unpacked(one, tensors) for one in shape]
    if not isinstance(shape, dict):
        return shape
    ((kind, inner),) = shape.items()
    if kind == "tensor":
        return tensors[inner]
    if kind == "map":
        return {key: _unpacked(one, tensors) for key, one in inner}
    if kind == "tuple":
        return tuple(_unpacked(one, tensors) for one in inner)
    return float(inner)

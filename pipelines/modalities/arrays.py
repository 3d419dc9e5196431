"""Files of numbers: NumPy, safetensors, JSON and CSV. Nothing that is read can run code."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import numpy as np

from kg import schema
from kg.errors import SightGraphError, unknown_name
from pipelines.modalities.modality import MAX_NUMBERS, check_array

MAX_MEMBERS = 64
"""Arrays of one .npz file."""
MAX_MEMBER_BYTES = 8 * MAX_NUMBERS
"""Bytes of one array, unpacked: float64."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a file holds: an array, and its time where the file gives it (`Modality`)."""

    values: np.ndarray
    rate: float | None = None
    start: float = 0.0


def read_npy(content: bytes, name: str, source: str) -> Numbers:
    """Read NumPy's format of one array."""
    return Numbers(_npy(content, f"'{source}'"))


def read_npz(content: bytes, name: str, source: str) -> Numbers:
    """Read a zip of arrays: the one named like the modality, or the only one beside the time.

    The arrays `rate` and `start`, of one number each, give the time.
    """
    try:
        with ZipFile(BytesIO(content)) as archive:
            entries = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
            if len(entries) > MAX_MEMBERS:
                raise SightGraphError(f"'{source}' holds more than {MAX_MEMBERS} arrays.")
            chosen = _chosen(set(entries) - {"rate", "start"}, name, source)
            found = {}
            for key in {chosen, "rate", "start"} & set(entries):
                if entries[key].file_size > MAX_MEMBER_BYTES:
                    raise SightGraphError(f"'{source}': the array '{key}' is too large.")
                found[key] = _npy(archive.read(entries[key]), f"'{source}', array '{key}'", key)
    except SightGraphError:
        raise
    except Exception as error:  # damaged archives fail in many ways: BadZipFile, zlib.error, ...
        raise SightGraphError(f"'{source}' is no whole .npz file: {error}.") from error
    rate = _one(found.get("rate"), "rate", source)
    start = _one(found.get("start"), "start", source)
    return _timed(found[chosen], rate, start, source)


def read_safetensors(content: bytes, name: str, source: str) -> Numbers:
    """Read safetensors: the tensor named like the modality, or the only one."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found = load(content)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise SightGraphError(f"'{source}' cannot be read as safetensors: {error}.") from error
    return Numbers(found[_chosen(set(found), name, source)])


def read_json(content: bytes, name: str, source: str) -> Numbers:
    """Read a list of numbers, a list of such lists, or {"vectors", "rate", "start"}."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise SightGraphError(f"'{source}' is no JSON: {error}.") from error
    about: dict[str, Any] = found if isinstance(found, dict) else {"vectors": found}
    if "vectors" not in about:
        raise SightGraphError(f"'{source}' lacks the key 'vectors'.")
    for key in about:
        if key not in ("vectors", "rate", "start"):
            raise SightGraphError(
                f"'{source}': {unknown_name('key', key, ('vectors', 'rate', 'start'))}"
            )
    rows = about["vectors"]
    nested = isinstance(rows, list) and any(isinstance(one, list) for one in rows)
    return _timed(
        _rows(rows if nested else [rows], source, drop=not nested),
        about.get("rate"),
        about.get("start"),
        source,
    )


def read_csv(content: bytes, name: str, source: str) -> Numbers:
    """Read one vector a line, with commas between numbers; a first line of names is left out."""
    try:
        lines = [line for line in csv.reader(StringIO(content.decode("utf-8-sig"))) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SightGraphError(f"'{source}' is no CSV in UTF-8: {error}.") from error
    if lines and not any(schema.is_number(one) for one in lines[0]):
        lines = lines[1:]
    return Numbers(_rows(lines, source))


READERS: dict[str, Callable[[bytes, str, str], Numbers]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".safetensors": read_safetensors,
    ".json": read_json,
    ".csv": read_csv,
}
"""By the ending of a file. Each takes its content, the modality's name and the file's name, and
raises a `SightGraphError` where it cannot be used."""


def _npy(content: bytes, what: str, key: str = "") -> np.ndarray:
    """Return an array; its size is compared with that of the content before memory is taken."""
    file = BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise ValueError(f"version {version[0]}.{version[1]} of the format is not read")
    except Exception as error:  # the header is Python source: its parser fails in many ways
        raise SightGraphError(f"{what} is no NumPy array: {error}.") from error
    if key not in ("rate", "start"):
        check_array(shape, dtype, what)
    left = len(content) - file.tell()
    if dtype.hasobject or math.prod(shape) * dtype.itemsize > left:
        raise SightGraphError(f"{what} is cut off: it holds less than its header says.")
    file.seek(0)
    try:
        array: np.ndarray = np.load(file, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise SightGraphError(f"{what} is no NumPy array: {error}.") from error
    return array


def _chosen(keys: set[str], name: str, source: str) -> str:
    """Return the array that is named like the modality, or the only one."""
    if name in keys or len(keys) == 1:
        return name if name in keys else next(iter(keys))
    listed = ", ".join(sorted(keys)[:8]) or "none"
    raise SightGraphError(
        f"'{source}' holds several arrays or none ({listed}). Name one '{name}' like the modality."
    )


def _rows(rows: Any, source: str, drop: bool = False) -> np.ndarray:
    """Return lists of numbers as [T, D], or the only one as [D] (`drop`)."""
    try:
        found = [
            [schema.finite(one, "a number") for one in schema.sequence(row, "a vector")]
            for row in schema.sequence(rows, "vectors")
        ]
    except ValueError as error:
        raise SightGraphError(f"'{source}': {error}.") from error
    if len({len(row) for row in found}) > 1:
        raise SightGraphError(f"'{source}' has vectors of different lengths.")
    array = np.array(found, dtype=np.float64)
    return array[0] if drop and len(array) == 1 else array


def _one(array: np.ndarray | None, key: str, source: str) -> float | None:
    if array is None:
        return None
    if array.size != 1 or array.dtype.kind not in "fiu":
        raise SightGraphError(f"'{source}': the array '{key}' must be one number.")
    return float(array.reshape(-1)[0])


def _timed(values: np.ndarray, rate: Any, start: Any, source: str) -> Numbers:
    """Return an array with its time, of which vectors a second and seconds are checked."""
    try:
        given = None if rate is None else schema.finite(rate, "rate", schema.MAX_RATE)
        if given is not None and given <= 0:
            raise ValueError(f"rate is {given}, which is not above 0")
        begins = 0.0 if start is None else schema.finite(start, "start", schema.MAX_SECONDS)
        if begins < 0:
            raise ValueError(f"start is {begins}, which is before 0")
    except ValueError as error:
        raise SightGraphError(f"'{source}': {error}.") from error
    return Numbers(values, given, begins)

"""Attribute values as tensors where that loses nothing, and as opaque columns where it would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from kg.errors import SightGraphError

Container = Literal["plain", "scalar", "array", "list", "tuple", "tensor", "whole"]

_PLAIN: dict[type, torch.dtype] = {float: torch.float64, int: torch.int64, bool: torch.bool}
"""Python's numbers, with the tensor type that holds each exactly."""
_NUMPY = frozenset(
    np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
)
"""What numpy and torch both have, and torch computes with; in this machine's byte order."""
_INT64 = range(-(2**63), 2**63)


class Column:
    """Values that no tensor holds: names, None, nested lists; each under its row number.

    A row number is what `node_row` or `edge_row` says, so a column stays right when PyG
    selects or reorders nodes and edges. A row that is not there has no such attribute; one
    whose value is None has None. It is neither list nor mapping on purpose: PyG takes those
    apart (`.to()` makes tuples lists, `subgraph` indexes them with tensors), and leaves all
    else as it is.

    >>> labels = Column({0: "cat", 2: None})
    >>> list(labels), labels[0], 1 in labels, labels.at([2, 1, 0])
    (['cat', None], 'cat', False, [None, None, 'cat'])
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[int, Any]) -> None:
        self._values = dict(values)

    def at(self, rows: Tensor | Iterable[int]) -> list[Any]:
        """Return the values of `rows` in their order, None where there is none."""
        numbers = rows.tolist() if isinstance(rows, Tensor) else rows
        return [self._values.get(row) for row in numbers]

    def __getitem__(self, row: int) -> Any:
        return self._values[row]

    def __contains__(self, row: object) -> bool:
        return row in self._values

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Column({len(self)})"


@dataclass(frozen=True, slots=True)
class Form:
    """What the values of a tensor were, so that they come back as the same Python types.

    It holds as long as the tensor keeps its dtype and its number of dimensions.
    """

    container: Container
    dtype: torch.dtype
    dims: int


def pack(values: Sequence[Any]) -> tuple[Tensor, Form] | None:
    """Return `values` [N] as a tensor [N, ...] that holds each exactly, or None if none does.

    Numbers of one type make [N]; lists or tuples of L such numbers [N, L]; arrays and tensors
    of one shape and dtype are stacked. int and float mixed, or an int beyond 64 bits, is none.
    """
    types = {type(value) for value in values}
    if len(types) != 1:
        return None
    kind = types.pop()
    if kind in _PLAIN:
        return _numbers(values, values, kind, "plain")
    if kind is list or kind is tuple:
        inner = [number for value in values for number in value]
        inner_types = {type(number) for number in inner}
        if len({len(value) for value in values}) != 1 or len(inner_types) != 1:
            return None
        return _numbers(values, inner, inner_types.pop(), "list" if kind is list else "tuple")
    if kind is np.ndarray or issubclass(kind, np.generic):
        return _arrays(values, "array" if kind is np.ndarray else "scalar")
    if kind is Tensor:
        return _tensors(values)
    return None


def unpack(tensor: Tensor, form: Form | None) -> list[Any]:
    """Return the values [N] of `tensor` [N, ...]: `pack` undone where `form` still holds.

    Without it, float64, int64 and bool give Python's numbers; other dtypes numpy's, so that
    the dtype is kept; more dimensions give arrays; what numpy lacks stays tensors.
    """
    if form is None or (form.dtype, form.dims) != (tensor.dtype, tensor.dim()):
        form = Form(_container(tensor), tensor.dtype, tensor.dim())
    if form.container == "tensor":
        return [row.clone() for row in tensor]
    tensor = tensor.detach().cpu()
    if form.container in ("plain", "list"):
        return tensor.tolist()
    if form.container == "tuple":
        return [tuple(row) for row in tensor.tolist()]
    array = tensor.numpy()
    if form.container == "scalar":
        return list(array)
    return [np.array(row, dtype=array.dtype) for row in array]


def elements(value: Any, form: Form | None, size: int, what: str) -> list[Any]:
    """Return a store's `value` as one value for each of its `size` nodes or edges.

    Raises:
        SightGraphError: it has not `size` rows, or its kind is not known.
    """
    dense = isinstance(value, Tensor) and value.layout == torch.strided and value.dim() > 0
    if dense and len(value) == size:
        return unpack(value, form)
    rows = list(value) if isinstance(value, np.ndarray) and value.ndim else value
    if isinstance(rows, list | tuple) and len(rows) == size:
        return list(rows)
    raise SightGraphError(
        f"{what} does not give one value for each of {size} rows, so no graph can hold it. "
        "Delete it, or give it that many rows."
    )


def _numbers(
    values: Sequence[Any], every: Sequence[Any], kind: type, container: Container
) -> tuple[Tensor, Form] | None:
    if kind not in _PLAIN or (kind is int and not all(number in _INT64 for number in every)):
        return None
    return _formed(torch.tensor(values, dtype=_PLAIN[kind]), container)


def _arrays(values: Sequence[Any], container: Container) -> tuple[Tensor, Form] | None:
    dtypes = {value.dtype for value in values}
    if len(dtypes) != 1 or len({value.shape for value in values}) != 1:
        return None
    return _formed(torch.from_numpy(np.stack(values)), container) if dtypes <= _NUMPY else None


def _tensors(values: Sequence[Tensor]) -> tuple[Tensor, Form] | None:
    looks = {(value.dtype, value.shape, value.device, value.layout) for value in values}
    if len(looks) != 1 or values[0].layout != torch.strided:
        return None
    return _formed(torch.stack(list(values)), "tensor")


def _formed(tensor: Tensor, container: Container) -> tuple[Tensor, Form]:
    return tensor, Form(container, tensor.dtype, tensor.dim())


def _container(tensor: Tensor) -> Container:
    if tensor.dim() == 1 and tensor.dtype in _PLAIN.values():
        return "plain"
    try:
        known = np.dtype(str(tensor.dtype).removeprefix("torch.")) in _NUMPY
    except TypeError:  # numpy has no bfloat16
        known = False
    if not known:
        return "tensor"
    return "scalar" if tensor.dim() == 1 else "array"

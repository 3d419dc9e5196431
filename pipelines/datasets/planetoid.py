"""Planetoid's citation graphs, Cora and Citeseer, with the fixed split (Yang et al., ICML 2016)."""

from __future__ import annotations

import pickle
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kg.errors import SightGraphError

DATASETS = ("cora", "citeseer")
VALIDATION_NODES = 500
"""The nodes after the labelled ones, as in Kipf and Welling's experiments."""


@dataclass(frozen=True, slots=True)
class CitationGraph:
    """One graph of papers; every citation stands in both directions, once.

    Shapes (N papers, E = twice the citations, F words):
        features [N, F]: rows sum to 1, or are zeros; labels [N]
        senders, receivers [E]; train, validation, test [N] bool
    """

    features: Tensor
    labels: Tensor
    senders: Tensor
    receivers: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor

    @property
    def classes(self) -> int:
        return int(self.labels.max()) + 1


def read_planetoid(folder: Path, name: str) -> CitationGraph:
    """Read the files ind.NAME.* of `folder`.

    Raises:
        SightGraphError: a file is missing, is not one of Planetoid's, or names other code than
            the arrays that belong there.
    """
    if name not in DATASETS:
        raise SightGraphError(f"unknown data set '{name}'. Known: {', '.join(DATASETS)}.")
    files = {part: folder / f"ind.{name}.{part}" for part in ("x", "y", "tx", "ty", "allx", "ally")}
    part = {key: _read(path) for key, path in files.items()}
    cited: dict[int, list[int]] = _read(folder / f"ind.{name}.graph")
    try:
        test = np.loadtxt(folder / f"ind.{name}.test.index", dtype=np.int64)
        return _assembled(part, cited, test)
    except (
        OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, MemoryError
    ) as error:  # fmt: skip
        raise SightGraphError(
            f"the files ind.{name}.* in '{folder}' do not fit each other: {error}. They must be "
            "Planetoid's own, all from one place."
        ) from error


def _assembled(
    part: dict[str, Any], cited: dict[int, list[int]], test: np.ndarray
) -> CitationGraph:
    """Put the parts in order: test papers come last, at the places their index names."""
    nodes = max(max(cited), int(test.max())) + 1
    everything, tested = _dense(part["allx"]), _dense(part["tx"])
    features = np.zeros((nodes, everything.shape[1]), dtype=np.float32)
    labels = np.zeros((nodes, part["ally"].shape[1]), dtype=np.float32)
    features[: len(everything)], labels[: len(everything)] = everything, part["ally"]
    features[test], labels[test] = tested, part["ty"]
    features /= np.maximum(features.sum(axis=1, keepdims=True), 1e-12)
    pairs = {(a, b) for a, others in cited.items() for b in others if a != b}
    both = sorted(pairs | {(b, a) for a, b in pairs})
    ends = torch.tensor(both, dtype=torch.long).T.contiguous()
    labelled = len(part["y"])
    return CitationGraph(
        features=torch.from_numpy(features),
        labels=torch.from_numpy(labels.argmax(axis=1)),
        senders=ends[0],
        receivers=ends[1],
        train=_mask(nodes, np.arange(labelled)),
        validation=_mask(nodes, np.arange(labelled, labelled + VALIDATION_NODES)),
        test=_mask(nodes, test),
    )


def _mask(nodes: int, chosen: np.ndarray) -> Tensor:
    mask = torch.zeros(nodes, dtype=torch.bool)
    mask[torch.from_numpy(chosen)] = True
    return mask


class _Rows:
    """What a pickled sparse matrix in row form holds, without the library that made it."""

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    _shape: tuple[int, int]


def _dense(rows: _Rows) -> np.ndarray:
    matrix = np.zeros(rows._shape, dtype=np.float32)
    row = np.repeat(np.arange(len(rows.indptr) - 1), np.diff(rows.indptr))
    matrix[row, rows.indices] = rows.data
    return matrix


class _ArraysOnly(pickle.Unpickler):
    """Unpickles arrays, sparse rows and lists by node; any other name in the file is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("scipy.sparse.csr", "csr_matrix"):
            return _Rows
        if (module, name) == ("collections", "defaultdict"):
            return defaultdict
        if (module, name) in {("__builtin__", "list"), ("builtins", "list")}:
            return list
        if module in {"numpy.core.multiarray", "numpy._core.multiarray"} and name == "_reconstruct":
            return _reconstruct
        if module == "numpy" and name in {"ndarray", "dtype"}:
            return getattr(np, name)
        raise pickle.UnpicklingError(f"it names {module}.{name}")


_reconstruct = np.empty(0).__reduce__()[0]
"""numpy's own function that an unpickled array starts from."""


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return _ArraysOnly(file, encoding="latin1").load()
    except Exception as error:  # pickle: "other exceptions may also be raised"
        raise SightGraphError(
            f"'{path}' cannot be read as a file of Planetoid: {error}. Give the folder that "
            "holds ind.cora.x and the rest."
        ) from error

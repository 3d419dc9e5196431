"""The loops of `kernels.py` in numpy, for batches so small that loading numba would cost more.

Sums are made in the same order and precision, so that both give the same bits.
"""

from __future__ import annotations

import numpy as np

OUTSIDE = "an edge ends at a node that is not there"
BETWEEN = "an edge joins two graphs"


def pack(rows, columns, size, loops):  # type: ignore[no-untyped-def]
    """Return what `kernels.pack` does."""
    _check(rows, columns, size)
    if loops:
        diagonal = np.arange(size, dtype=rows.dtype)
        rows, columns = np.concatenate([rows, diagonal]), np.concatenate([columns, diagonal])
    order = np.argsort(rows, kind="stable")
    starts = np.zeros(size + 1, np.int32)
    np.cumsum(np.bincount(rows, minlength=size), out=starts[1:])
    return starts, rows[order].astype(np.int32), columns[order].astype(np.int32), order


def normalised(rows, columns, order, weights, size):  # type: ignore[no-untyped-def]
    """Return what `kernels.normalised` does."""
    values = np.concatenate([weights, np.ones(size, weights.dtype)])[order].astype(np.float64)
    degree = np.zeros(size)
    np.add.at(degree, np.stack([rows, columns], 1).ravel(), np.repeat(values / 2, 2))
    scale = 1 / np.sqrt(degree)
    return (values * (scale[rows] * scale[columns])).astype(weights.dtype)


def normalised_blocks(receivers, senders, weights, size, nodes):  # type: ignore[no-untyped-def]
    """Return what `kernels.normalised_blocks` does."""
    _check(receivers, senders, size)
    if (receivers // nodes != senders // nodes).any():
        raise ValueError(BETWEEN)
    blocks = np.zeros((size, nodes), weights.dtype)
    np.add.at(blocks, (receivers, senders % nodes), weights)
    degree = np.ones(size)
    halves = np.repeat(weights.astype(np.float64) / 2, 2)
    np.add.at(degree, np.stack([receivers, senders], 1).ravel(), halves)
    scale = 1 / np.sqrt(degree)
    each = np.arange(size)
    blocks[each, each % nodes] += 1
    factors = scale[:, None] * np.repeat(scale.reshape(-1, nodes), nodes, axis=0)
    return (blocks * factors).astype(weights.dtype)


def _check(rows: np.ndarray, columns: np.ndarray, size: int) -> None:
    ends = np.concatenate([rows, columns])
    if len(ends) and (ends.min() < 0 or ends.max() >= size):
        raise ValueError(OUTSIDE)

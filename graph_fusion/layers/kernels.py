"""Loops over a batch's edges on the CPU, compiled by numba when they are first used.

A batch holds thousands of edges: a dozen torch calls on arrays so small cost more than the
arithmetic, and building a batch may take little beside one layer. `matrix.py`
holds the same in torch, for other devices and for gradients.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from graph_fusion.layers.small import BETWEEN, OUTSIDE

# No bounds are checked in compiled code: an index outside would write over foreign memory.


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def pack(rows, columns, size, loops):  # type: ignore[no-untyped-def]
    """Sort entries by row, in their order within one, and close each row with a loop if `loops`.

    rows, columns [E]: row and column of each entry, below `size` N.
    Returns (starts [N + 1], rows [M], columns [M] int32, order [M] int64); order is each entry's
    place among the E given, then the N loops.
    Raises: ValueError with `OUTSIDE`.
    """
    starts = np.zeros(size + 1, np.int32)
    for entry in range(rows.size):
        row, column = rows[entry], columns[entry]
        if row < 0 or row >= size or column < 0 or column >= size:
            raise ValueError(OUTSIDE)
        starts[row + 1] += 1
    if loops:
        starts[1:] += 1
    for row in range(size):
        starts[row + 1] += starts[row]
    count = starts[size]
    free = starts[:size].copy()
    sorted_rows, sorted_columns = np.empty(count, np.int32), np.empty(count, np.int32)
    order = np.empty(count, np.int64)
    for entry in range(rows.size):
        row = rows[entry]
        place = free[row]
        free[row] += 1
        sorted_rows[place], sorted_columns[place] = row, columns[entry]
        order[place] = entry
    if loops:
        for row in range(size):
            place = free[row]
            sorted_rows[place] = sorted_columns[place] = row
            order[place] = rows.size + row
    return starts, sorted_rows, sorted_columns, order


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def normalised(rows, columns, order, weights, size):  # type: ignore[no-untyped-def]
    """Return the entries [M] of Â in the order of a packed pattern with loops.

    rows, columns, order [M]: from `pack`. weights [E]: of the edges; a loop has weight 1.
    """
    degree = np.zeros(size, np.float64)
    values = np.empty(rows.size, weights.dtype)
    for entry in range(rows.size):
        weight = weights[order[entry]] if order[entry] < weights.size else 1.0
        values[entry] = weight
        degree[rows[entry]] += weight / 2
        degree[columns[entry]] += weight / 2
    scale = 1 / np.sqrt(degree)
    for entry in range(rows.size):
        values[entry] *= scale[rows[entry]] * scale[columns[entry]]
    return values


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def normalised_blocks(receivers, senders, weights, size, nodes):  # type: ignore[no-untyped-def]
    """Return Â as dense blocks [N, n] for graphs of n = `nodes` nodes each; parallel edges add up.

    receivers, senders, weights [E].
    Raises: ValueError with `OUTSIDE` or `BETWEEN`.
    """
    blocks = np.zeros((size, nodes), weights.dtype)
    degree = np.ones(size, np.float64)
    for edge in range(receivers.size):
        row, column = receivers[edge], senders[edge]
        if row < 0 or row >= size or column < 0 or column >= size:
            raise ValueError(OUTSIDE)
        if row // nodes != column // nodes:
            raise ValueError(BETWEEN)
        blocks[row, column % nodes] += weights[edge]
        degree[row] += weights[edge] / 2
        degree[column] += weights[edge] / 2
    scale = 1 / np.sqrt(degree)
    for row in range(size):
        first = row - row % nodes
        blocks[row, row - first] += 1
        for column in range(nodes):
            blocks[row, column] *= scale[row] * scale[first + column]
    return blocks

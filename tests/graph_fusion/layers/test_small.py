"""graph_fusion/layers/small.py: numpy gives the bits of the compiled loops."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from graph_fusion.layers import kernels, matrix, small

CASES = [(0, 3, 1), (1, 1, 1), (40, 12, 3), (900, 64, 16), (7000, 640, 32)]


def drawn(edges: int, size: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return receivers and senders of edges inside graphs of `nodes` nodes, many of them twice."""
    draw = np.random.default_rng(edges)
    receivers = draw.integers(0, size, edges)
    senders = receivers // nodes * nodes + draw.integers(0, nodes, edges)
    return receivers, senders


@pytest.mark.parametrize(("edges", "size", "nodes"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_give_the_same_bits(edges: int, size: int, nodes: int, dtype: type) -> None:
    receivers, senders = drawn(edges, size, nodes)
    weights = np.random.default_rng(1).random(edges).astype(dtype)
    blocks = [
        one.normalised_blocks(receivers, senders, weights, size, nodes) for one in (small, kernels)
    ]
    assert blocks[0].dtype == blocks[1].dtype == dtype
    np.testing.assert_array_equal(*blocks)
    for loops in (True, False):
        packed, expected = (one.pack(receivers, senders, size, loops) for one in (small, kernels))
        for found, right in zip(packed, expected, strict=True):
            assert found.dtype == right.dtype
            np.testing.assert_array_equal(found, right)
    _, rows, columns, order = small.pack(receivers, senders, size, True)
    values = [one.normalised(rows, columns, order, weights, size) for one in (small, kernels)]
    assert values[0].dtype == values[1].dtype == dtype
    np.testing.assert_array_equal(*values)


@pytest.mark.parametrize("ends", [([0, -1], [0, 0]), ([0, 0], [0, 4])])
def test_edges_outside_are_refused_alike(ends: tuple[list[int], list[int]]) -> None:
    rows, columns = map(np.array, ends)
    for one in (small, kernels):
        with pytest.raises(ValueError, match="a node that is not there"):
            one.pack(rows, columns, 4, False)
        with pytest.raises(ValueError, match="a node that is not there"):
            one.normalised_blocks(rows, columns, np.ones(2, np.float32), 4, 2)
        with pytest.raises(ValueError, match="joins two graphs"):
            one.normalised_blocks(np.array([0]), np.array([3]), np.ones(1), 4, 2)


def test_small_batches_load_no_compiler() -> None:
    program = """
import sys, torch
from graph_fusion.layers import Edges
edges = Edges(torch.tensor([0, 1]), torch.tensor([1, 0]), 2)
edges.adjacency @ torch.ones(2, 3)
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_large_batches_are_compiled() -> None:
    assert matrix.loops_for(matrix.SMALL) is small
    assert matrix.loops_for(matrix.SMALL + 1) is kernels

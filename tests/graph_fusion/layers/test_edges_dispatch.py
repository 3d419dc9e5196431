"""graph_fusion/layers/dispatch: dense blocks where they are quicker."""

from __future__ import annotations

import torch

from graph_fusion.layers.edges import dense_is_quicker

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def test_graphs_of_unequal_size_are_packed_everywhere() -> None:
    assert not dense_is_quicker(5000, 100, None, CPU)
    assert not dense_is_quicker(5000, 100, None, GPU)


def test_on_the_cpu_what_counts_is_how_full_the_blocks_are() -> None:
    assert dense_is_quicker(16 * 16 * 5, 16 * 16, 16, CPU)
    assert not dense_is_quicker(16 * 36 * 5, 16 * 36, 36, CPU)
    assert dense_is_quicker(16 * 36 * 24, 16 * 36, 36, CPU)


def test_a_gpu_takes_small_graphs_dense_however_empty() -> None:
    assert dense_is_quicker(0, 16 * 64, 64, GPU)
    assert not dense_is_quicker(10**6, 2 * 5000, 5000, GPU)

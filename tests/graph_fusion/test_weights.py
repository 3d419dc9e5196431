"""graph_fusion/weights.py: a quarter of the size, each number within half a step."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from graph_fusion.weights import LEVELS, SCALE, SMALLEST, restored, shrunk


@given(st.integers(0, 2**31), st.floats(1e-6, 1e3))
def test_each_number_comes_back_within_half_a_step_of_its_row(seed: int, size: float) -> None:
    torch.manual_seed(seed)
    matrix = torch.randn(SMALLEST // 64, 64) * size
    back = restored(shrunk({"w": matrix}))["w"]
    step = matrix.abs().amax(dim=1, keepdim=True) / LEVELS
    assert ((back - matrix).abs() <= step / 2 * 1.001).all()


def test_a_row_of_zeros_stays_zeros() -> None:
    matrix = torch.randn(SMALLEST // 64, 64)
    matrix[3] = 0.0
    assert (restored(shrunk({"w": matrix}))["w"][3] == 0).all()


def test_small_tensors_and_whole_numbers_stay_bit_for_bit() -> None:
    state = {"bias": torch.randn(7), "rows": torch.arange(SMALLEST).view(-1, 64)}
    small = shrunk(state)
    assert set(small) == set(state)
    assert all(torch.equal(restored(small)[name], state[name]) for name in state)


def test_large_matrices_take_a_quarter_of_the_room() -> None:
    small = shrunk({"w": torch.randn(384, 384)})
    assert small["w"].dtype == torch.int8
    assert sum(one.numel() * one.element_size() for one in small.values()) < 384 * 384 * 4 / 3.9
    assert set(small) == {"w", "w" + SCALE}

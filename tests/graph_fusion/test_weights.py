"""graph_fusion/weights.py: a quarter of the size, each number within half a step, all finite."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from graph_fusion.weights import (
    LEVELS,
    SCALE,
    SMALLEST,
    loading,
    read_weights,
    restored,
    shrunk,
)
from kg.errors import SightGraphError


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


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e38])
def test_weights_that_are_not_finite_are_refused_by_name(value: float, tmp_path: Path) -> None:
    state = {"fine": torch.ones(3), "head.bias": torch.tensor([0.0, value])}
    save_file(state, tmp_path / "model.safetensors")
    with (
        pytest.raises(SightGraphError, match=r"detector in .*'head\.bias'.*damaged"),
        loading("detector", tmp_path),
    ):
        read_weights(tmp_path / "model.safetensors")


def test_weights_are_read_as_they_were_written_small_ones_restored(tmp_path: Path) -> None:
    state = {"w": torch.randn(SMALLEST // 64, 64), "rows": torch.arange(3)}
    save_file(shrunk(state), tmp_path / "w.safetensors")
    found = read_weights(tmp_path / "w.safetensors")
    assert torch.equal(found["rows"], state["rows"])
    assert torch.allclose(found["w"], state["w"], atol=0.05)


@pytest.mark.parametrize("error", [AttributeError, IndexError, RecursionError, OverflowError])
def test_whatever_a_wrong_config_raises_ends_as_one_error(error: type[Exception]) -> None:
    with pytest.raises(SightGraphError, match=r"scenes in 'here' cannot be loaded: why"):  # noqa: SIM117
        with loading("scenes", Path("here")):
            raise error("why")

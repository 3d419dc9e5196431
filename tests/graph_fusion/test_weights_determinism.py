"""graph_fusion/weights.py: on inside, as before outside."""

from __future__ import annotations

import pytest
import torch

from graph_fusion.weights import deterministic


def test_sums_on_two_threads_repeat_bit_for_bit() -> None:
    torch.manual_seed(0)
    values = torch.randn(200_000, 4)
    rows = torch.randint(0, 3, (200_000,))
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with deterministic():
            sums = [torch.zeros(3, 4).index_put((rows,), values, accumulate=True) for _ in range(5)]
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(sums[0], other) for other in sums)


def test_setting_comes_back_after_an_error() -> None:
    @deterministic()
    def fails() -> None:
        assert torch.are_deterministic_algorithms_enabled()
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fails()
    assert not torch.are_deterministic_algorithms_enabled()

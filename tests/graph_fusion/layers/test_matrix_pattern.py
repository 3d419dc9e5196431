"""graph_fusion/layers/pattern: compiled and by torch, the same."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_fusion.layers.matrix import pack, pack_on_device


@given(st.integers(1, 20), st.integers(0, 60), st.integers(0, 1000), st.booleans())
@settings(max_examples=60)
def test_the_compiled_sort_equals_torchs(size: int, count: int, seed: int, loops: bool) -> None:
    rows, columns = torch.randint(size, (2, count), generator=torch.Generator().manual_seed(seed))
    compiled, by_torch = (
        pack(rows, columns, size, loops),
        pack_on_device(rows, columns, size, loops),
    )
    for name in ("starts", "rows", "columns", "order"):
        one, other = getattr(compiled, name), getattr(by_torch, name)
        assert one.dtype == other.dtype
        assert torch.equal(one, other)


@given(st.integers(1, 20), st.integers(0, 60), st.integers(0, 1000))
@settings(max_examples=60)
def test_transposing_twice_gives_each_entry_back(size: int, count: int, seed: int) -> None:
    rows, columns = torch.randint(size, (2, count), generator=torch.Generator().manual_seed(seed))
    pattern = pack(rows, columns, size)
    back = pattern.transposed
    assert torch.equal(back.rows, pattern.columns[back.order])
    assert torch.equal(back.columns, pattern.rows[back.order])
    assert torch.equal(pattern.rows.long(), rows[pattern.order])
    assert torch.equal(back.transposed.starts, pattern.starts)

"""graph_fusion/converters/columns.py: what is a tensor, what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graph_fusion.converters.columns import pack, unpack


@given(
    st.lists(st.floats(), min_size=1)
    | st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1)
    | st.lists(st.booleans(), min_size=1)
    | st.lists(st.tuples(st.floats(), st.floats()), min_size=1)
    | st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1)
)
def test_numbers_of_one_type_come_back_from_a_tensor_as_they_were(values: list[Any]) -> None:
    packed = pack(values)
    assert packed is not None
    tensor, form = packed
    assert len(tensor) == len(values)
    assert repr(unpack(tensor, form)) == repr(values)  # -0.0 and NaN too


@pytest.mark.parametrize(
    "values",
    [
        [1, 2.0],
        [1, True],
        [2**63, 1],
        ["a", "b"],
        [None, None],
        [(1, 2), [1, 2]],
        [(1, 2), (1, 2.0)],
        [(), ()],
        [[[1]], [[2]]],
        [np.float32(1), np.float64(1)],
        [np.zeros(2), np.zeros(3)],
        [np.array(["a"]), np.array(["b"])],
        [np.zeros(2, ">f8"), np.zeros(2, ">f8")],
        [torch.zeros(2), torch.zeros(2).double()],
        [torch.eye(2).to_sparse(), torch.eye(2).to_sparse()],
        [1j, 2j],
        [{}, {}],
    ],
)
def test_what_a_tensor_would_change_is_no_tensor(values: list[Any]) -> None:
    assert pack(values) is None


def test_arrays_come_back_as_copies_that_share_no_memory() -> None:
    packed = pack([np.array([1.0, 2.0]), np.array([3.0, 4.0])])
    assert packed is not None
    first, _ = unpack(*packed)
    first[0] = 9
    assert packed[0].tolist() == [[1, 2], [3, 4]]


def test_without_a_form_the_dtype_decides() -> None:
    assert unpack(torch.tensor([1, 2]), None) == [1, 2]
    assert [type(one) for one in unpack(torch.ones(2), None)] == [np.float32, np.float32]
    assert unpack(torch.ones(1, 2), None)[0].tolist() == [1, 1]
    assert unpack(torch.ones(1, dtype=torch.bfloat16), None)[0].dtype == torch.bfloat16

"""graph_fusion/training/checkpoint.py: state goes to safetensors and back, without pickle."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from graph_fusion.training.checkpoint import STATE, load_state, save_state
from kg.errors import SightGraphError

tensors = st.sampled_from(
    [
        torch.arange(6.0).reshape(2, 3),
        torch.arange(6.0).reshape(2, 3).T,
        torch.tensor(2.5),
        torch.zeros(0, 3),
        torch.tensor([True, False]),
        torch.tensor([1, -2]),
        torch.ones(2, dtype=torch.bfloat16),
        torch.arange(9.0)[2:5],
    ]
)
scalars = st.none() | st.booleans() | st.integers() | st.text() | st.floats()
keys = st.text() | st.integers() | st.booleans()
trees = st.recursive(
    scalars | tensors,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


@given(state=trees)
@settings(max_examples=60)
def test_any_state_comes_back_as_it_was(state: Any, tmp_path: Path) -> None:
    save_state(state, tmp_path / "state.safetensors")
    assert same(load_state(tmp_path / "state.safetensors"), state)


def test_an_optimizer_goes_on_from_its_loaded_state(tmp_path: Path) -> None:
    layer = nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    save_state(optimizer.state_dict(), tmp_path / "o.safetensors")
    other = torch.optim.AdamW(layer.parameters())
    other.load_state_dict(load_state(tmp_path / "o.safetensors"))
    assert same(other.state_dict(), optimizer.state_dict())


def test_tied_weights_are_kept_under_both_names(tmp_path: Path) -> None:
    one = torch.arange(3.0)
    save_state({"a": one, "b": one, "c": one[1:]}, tmp_path / "tied.safetensors")
    found = load_state(tmp_path / "tied.safetensors")
    assert same(found, {"a": one, "b": one, "c": one[1:]})


def test_what_needs_pickle_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "state.safetensors"
    save_state({"a": 1}, file)
    with pytest.raises(TypeError, match="'b/c' is a <class 'set'>"):
        save_state({"b": {"c": {1, 2}}}, file)
    assert load_state(file) == {"a": 1}
    assert [one.name for one in tmp_path.iterdir()] == ["state.safetensors"]


def test_a_damaged_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = tmp_path / "state.safetensors"
    file.write_bytes(b"not a checkpoint")
    with pytest.raises(SightGraphError, match=r"state\.safetensors.*Delete it to start over"):
        load_state(file)


@pytest.mark.parametrize(
    "shape",
    [
        '{"map": [[["a"], 1]]}',
        '{"map": 7}',
        '{"tensor": ["a"]}',
        '{"float": {}}',
        '{"float": "often"}',
        '{"unknown": 1, "more": 2}',
        "[" * 100_000,
        "1" * 5_000,
    ],
    ids=["list as key", "map", "tensor", "float", "text", "two kinds", "deep", "digits"],
)
def test_metadata_of_another_form_is_an_error_that_names_the_file(
    shape: str, tmp_path: Path
) -> None:
    file = tmp_path / "state.safetensors"
    save_file({"a": torch.ones(1)}, file, {STATE: shape})
    with pytest.raises(SightGraphError, match=r"state\.safetensors.*Delete it to start over"):
        load_state(file)

"""A modality: names, shapes, types, and where its vectors are from."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kg.errors import SightGraphError
from kg.graph import Interval
from pipelines.detections import Name
from pipelines.modalities import Modality, check_name
from pipelines.modalities.modality import MAX_FEATURES, MAX_NUMBERS, MAX_ROWS, check_array

any_array = arrays.arrays(
    arrays.scalar_dtypes() | st.just(np.dtype(object)),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    elements=None,
)


def opened(array: np.ndarray) -> tuple[Modality | None, str]:
    """Return the modality, or why it was refused."""
    try:
        return Modality.of("sensor", array), ""
    except SightGraphError as error:
        return None, str(error)


@given(any_array)
def test_any_array_becomes_finite_vectors_or_is_refused_with_a_sentence(array: np.ndarray) -> None:
    found, refusal = opened(array)
    if found is None:
        assert re.fullmatch(r"the modality 'sensor'.*\.", refusal, re.DOTALL)
        return
    assert found.vectors.dtype == np.float32
    assert np.isfinite(found.vectors).all()
    assert found.vectors.shape == np.atleast_2d(array).shape
    assert np.array_equal(found.vectors, np.atleast_2d(array).astype(np.float32))


def test_a_tensor_and_one_vector_serve_too() -> None:
    found = Modality.of("depth", torch.arange(3.0, requires_grad=True))
    assert found.vectors.tolist() == [[0, 1, 2]]
    assert found.recording.rows == 1
    assert found.recording.features == 3
    assert len(found.sha256) == 64


def test_the_numbers_decide_the_hash_of_vectors_in_memory() -> None:
    one, same, other = (Modality.of("a", np.full((2, 3), x)).sha256 for x in (1, 1, 2))
    assert one == same != other
    assert Modality.of("a", np.full((3, 2), 1)).sha256 != one


def test_what_has_a_rate_has_a_time() -> None:
    vectors = np.zeros((50, 4))
    assert Modality.of("sound", vectors).intervals == ()
    assert Modality.of("sound", vectors, rate=100, start=2).intervals == (Interval(2, 2.5),)
    with pytest.raises(SightGraphError, match="lasts longer"):
        Modality.of("sound", vectors, rate=1e-9)


def test_it_is_called_by_its_most_probable_name_or_by_that_of_the_modality() -> None:
    plain = Modality.of("sound", [0.0])
    assert (plain.label, plain.score) == ("sound", 1.0)
    named = Modality("sound", plain.vectors, names=(Name("dog", 0.8), Name("cat", 0.1)))
    assert (named.label, named.score) == ("dog", 0.8)


HOSTILE = ["", " ", "1a", "a" * 41, "a/b", "../a", "a\n", "a=b", "<b>", "a ", "\u202e", "a;b", "-a"]


@pytest.mark.parametrize("name", [*HOSTILE, "photo", "Text", "image"])
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(SightGraphError, match="name"):
        check_name(name)


@pytest.mark.parametrize("name", ["sound", "depth map", "x-1", "geräusch", "Lidar_2"])
def test_a_word_is_a_name(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "shape",
    [(MAX_ROWS + 1, 1), (1, MAX_FEATURES + 1), (MAX_FEATURES, MAX_NUMBERS // MAX_FEATURES + 1)],
)
def test_what_is_too_large_is_refused_before_it_is_read(shape: tuple[int, ...]) -> None:
    with pytest.raises(SightGraphError, match="At most"):
        check_array(shape, np.dtype("f4"), "it")


@pytest.mark.parametrize("value", [None, "abc", object(), [[1], [1, 2]], {"a": 1}])
def test_what_is_no_array_is_refused(value: Any) -> None:
    with pytest.raises(SightGraphError):
        Modality.of("sensor", value)


def test_the_place_of_a_number_that_is_not_finite_is_told() -> None:
    with pytest.raises(SightGraphError, match="row 1, column 2"):
        Modality.of("sensor", [[0, 0, 0], [0, 0, np.nan]])
    with pytest.raises(SightGraphError, match="not finite"):
        Modality.of("sensor", np.array([1e300]))  # infinite in float32

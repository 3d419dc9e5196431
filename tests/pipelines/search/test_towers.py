"""pipelines/search/towers: vectors in one space, and weights of agreement by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.photo import Photo
from pipelines.scene import see
from pipelines.search.agreement import FEATURES, Agreement
from pipelines.search.towers import NEAREST, Towers, Weights, corrected, hubness
from pipelines.sightgraph import SightGraph

numbers = st.floats(-100, 100)


def test_photographs_and_texts_have_vectors_of_length_one(
    towers: Towers, sightgraph: SightGraph
) -> None:
    photo = towers.photographs([see(sightgraph, Photo.open("example:cat"))])
    texts = towers.texts(["a cat", "a cup of coffee on a table"])
    assert photo.shape == (1, towers.dim)
    assert texts.shape == (2, towers.dim)
    np.testing.assert_allclose(np.linalg.norm(np.concatenate([photo, texts]), axis=1), 1, 1e-5)
    assert towers.texts([]).shape == (0, towers.dim)


@given(numbers, st.tuples(*[numbers] * len(FEATURES)))
def test_weights_are_read_back_equal(cosine: float, features: tuple[float, ...]) -> None:
    weights = Weights(cosine, features)
    assert Weights.of_json(weights.as_json()) == weights


def test_the_score_is_the_weighted_sum() -> None:
    weights = Weights(2.0, tuple(float(n) for n in range(len(FEATURES))))
    agreement = Agreement((0.5,) * len(FEATURES), ())
    assert weights.score(0.25, agreement) == pytest.approx(0.5 + 0.5 * sum(range(len(FEATURES))))


def test_what_is_near_to_everything_is_moved_away() -> None:
    cosines = np.array([[0.9, 0.8], [0.2, 0.7]], np.float32)
    found = corrected(cosines, np.array([0.0, 0.0]), np.array([0.6, 0.0]))
    np.testing.assert_allclose(found, [[0.6, 0.8], [-0.1, 0.7]], atol=1e-6)


def test_hubness_is_the_mean_of_the_nearest() -> None:
    bank = np.eye(NEAREST + 2, dtype=np.float32)
    vector = np.zeros((1, NEAREST + 2), np.float32)
    vector[0, 0] = 1.0
    assert hubness(vector, bank).tolist() == pytest.approx([1 / NEAREST])

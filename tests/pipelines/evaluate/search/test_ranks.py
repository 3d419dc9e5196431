"""Recall at k and median rank of retrieval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SightGraphError
from pipelines.evaluate.search.ranks import retrieval_ranks

KEYS = [
    *(f"image from text {name}" for name in ("R@1", "R@5", "R@10", "median rank")),
    *(f"text from image {name}" for name in ("R@1", "R@5", "R@10", "median rank")),
]


def test_both_ways_on_a_case_by_hand() -> None:
    scores = [[0.9, 0.1, 0.2, 0.3], [0.8, 0.7, 0.6, 0.1]]  # two photographs with two texts each
    found = retrieval_ranks(scores, [0, 0, 1, 1])
    # Texts find their photographs at 1, 2, 1 and 2; the first photograph finds its text at once,
    # the second has both texts of the first before its own.
    assert found["image from text R@1"] == 0.5
    assert found["image from text median rank"] == 1.5
    assert found["text from image R@1"] == 0.5
    assert found["text from image median rank"] == 2
    assert list(found) == KEYS
    assert all(found[name] == 1 for name in KEYS if "R@10" in name or "R@5" in name)


@given(st.integers(1, 12), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_ranks_are_those_of_a_plain_search(photos: int, each: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    owner = random.permutation(np.repeat(np.arange(photos), each))
    scores = random.normal(size=(photos, photos * each))
    of_texts = [
        list(np.argsort(-scores[:, text])).index(owner[text]) + 1 for text in range(len(owner))
    ]
    of_photos = [
        min(rank for rank, text in enumerate(np.argsort(-row), 1) if owner[text] == photo)
        for photo, row in enumerate(scores)
    ]
    found = retrieval_ranks(scores, owner)
    assert found["image from text median rank"] == np.median(of_texts)
    assert found["text from image median rank"] == np.median(of_photos)
    for depth in (1, 5, 10):
        assert found[f"image from text R@{depth}"] == np.mean(np.array(of_texts) <= depth)
        assert found[f"text from image R@{depth}"] == np.mean(np.array(of_photos) <= depth)


def test_equal_scores_find_nothing() -> None:
    found = retrieval_ranks(np.zeros((20, 40)), np.repeat(np.arange(20), 2))
    assert found["image from text R@10"] == found["text from image R@10"] == 0


@pytest.mark.parametrize(
    ("scores", "owner", "message"),
    [
        ([[1.0, 2.0]], [0], "do not fit"),
        ([1.0], [0], "do not fit"),
        ([[1.0, np.nan]], [0, 0], "no finite|not a finite"),
        ([[1.0, 2.0], [0.0, 1.0]], [0, 0], "each needs a text"),
        ([[1.0, 2.0]], [0, 1], "each needs a text"),
        ([[1.0]], [-1], "each needs a text"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(
    scores: list[list[float]], owner: list[int], message: str
) -> None:
    with pytest.raises(SightGraphError, match=message):
        retrieval_ranks(scores, owner)

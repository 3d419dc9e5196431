"""graph_fusion/tensors.py: where a box is in its photograph."""

from __future__ import annotations

import pytest

from graph_fusion.tensors import GEOMETRY_FEATURES, box_shares
from kg.graph import PhotoInfo


def test_a_box_is_given_as_shares_of_the_photograph() -> None:
    photo = PhotoInfo("street.jpg", width=200, height=100)
    shares = box_shares((20, 10, 120, 60), photo)
    assert shares == pytest.approx([0.1, 0.1, 0.6, 0.6, 0.25])
    assert len(shares) == GEOMETRY_FEATURES - 1, "all but the score"
    assert box_shares((0, 0, 200, 100), photo) == [0, 0, 1, 1, 1]

"""pipelines/training/minimise.py: small models at the minimum of their loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.training.minimise import logistic_regression, minimise


@pytest.mark.parametrize("line_search", [True, False])
def test_a_parabola_is_left_at_its_lowest_place(line_search: bool) -> None:
    place = torch.tensor([5.0, -5.0])
    minimise(lambda: (place - torch.tensor([1.0, 2.0])).square().sum(), [place], 50, line_search)
    torch.testing.assert_close(place, torch.tensor([1.0, 2.0]))
    assert not place.requires_grad


def test_a_regression_finds_the_coefficients_that_made_the_targets() -> None:
    random = np.random.default_rng(0)
    features = np.column_stack([random.normal(size=(4000, 2)), np.ones(4000)])
    chance = 1 / (1 + np.exp(-features @ np.array([2.0, -1.0, 0.5])))
    found = logistic_regression(features, random.random(4000) < chance, shrinkage=1e-6)
    assert found == pytest.approx([2.0, -1.0, 0.5], abs=0.2)

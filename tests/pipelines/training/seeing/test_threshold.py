"""pipelines/training/seeing/threshold.py: from which score statements are right often enough."""

from __future__ import annotations

import pytest
import torch

from pipelines.training.seeing.threshold import least_precise


def test_the_lowest_score_with_the_precision_is_found_beyond_one_without_it() -> None:
    scores = torch.tensor([[0.9, 0.8], [0.7, 0.6], [0.5, 0.4]])
    right = torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    assert least_precise(scores, right, 0.75) == pytest.approx(0.6)
    assert least_precise(scores, right, 0.5) == pytest.approx(0.4)


def test_equal_scores_are_on_one_side_of_the_threshold() -> None:
    scores, right = torch.tensor([0.9, 0.5, 0.5, 0.5]), torch.tensor([1.0, 1.0, 0.0, 0.0])
    assert least_precise(scores, right, 0.9) == pytest.approx(0.9, abs=1e-4)


def test_what_has_the_precision_is_not_below_the_threshold() -> None:
    scores = torch.tensor([0.60006, 0.2])
    threshold = least_precise(scores, torch.tensor([1.0, 0.0]), 0.9)
    assert (scores >= threshold).tolist() == [True, False]


def test_where_no_score_has_the_precision_nothing_is_said() -> None:
    assert least_precise(torch.tensor([0.9, 0.2]), torch.zeros(2), 0.1) == 1.0

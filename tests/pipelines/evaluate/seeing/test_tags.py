"""evaluate/tags.py: figures of tags, by hand."""

from __future__ import annotations

import pytest
import torch

from pipelines.evaluate.seeing.tags import calibration_error, tag_figures


def test_precision_and_recall_count_the_tags_that_are_shown() -> None:
    scores = torch.tensor([[0.9, 0.8], [0.7, 0.1], [0.6, 0.2], [0.2, 0.9]])
    said = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    found = tag_figures(scores, said, 0.5)
    assert found["tags of a photograph"] == pytest.approx(5 / 4)
    assert found["precision"] == pytest.approx(3 / 5)
    assert found["recall"] == pytest.approx(3 / 4)
    assert found["concepts"] == 1  # the second is said of too few photographs
    assert found["mAP"] == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_nothing_shown_is_no_error() -> None:
    found = tag_figures(torch.zeros(4, 1), torch.tensor([[1.0], [1.0], [1.0], [0.0]]), 0.5)
    assert found["precision"] == found["recall"] == found["calibration error"] == 0


def test_concepts_that_are_said_too_rarely_have_no_mean() -> None:
    found = tag_figures(torch.zeros(2, 1), torch.tensor([[1.0], [0.0]]), 0.5)
    assert (found["concepts"], "mAP" in found) == (0, False)


def test_the_calibration_error_is_the_gap_between_scores_and_shares() -> None:
    scores, said = torch.full((10,), 0.75), torch.tensor([1.0] * 5 + [0.0] * 5)
    assert calibration_error(scores, said) == pytest.approx(0.25)

"""evaluate/tags.py: figures of tags, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from kg.files import bundled
from pipelines.datasets.captioned import Captioned
from pipelines.evaluate.seeing.tags import TagsEvaluator, calibration_error, tag_figures
from pipelines.namers.tagger import Tagger


def test_precision_and_recall_count_the_tags_that_are_shown() -> None:
    scores = torch.tensor([[0.9, 0.8], [0.7, 0.1], [0.6, 0.2], [0.2, 0.9]])
    said = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    found = tag_figures(scores, said, 0.5)
    assert found["tags of a photograph"] == pytest.approx(5 / 4)
    assert found["precision"] == pytest.approx(3 / 5)
    assert found["recall"] == pytest.approx(3 / 4)
    assert found["first tag"] == pytest.approx(2 / 4)
    assert found["concepts"] == 1  # the second is said of too few photographs
    assert found["mAP"] == pytest.approx((1 + 1 + 3 / 4) / 3)


@pytest.mark.parametrize(("folder", "named"), [("activities", "jumping"), ("tags", "rope")])
def test_captions_are_read_for_what_the_tags_are_of(
    folder: str, named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg")
    told = Captioned("a.jpg", tmp_path / "a.jpg", "held-out", ("a dog is jumping over a rope .",))
    tagger = Tagger(bundled("models", folder))
    monkeypatch.setattr(
        tagger, "presences", lambda _: np.array([float(one == named) for one in tagger.labels])
    )
    found = TagsEvaluator()(tagger, (tmp_path, [told])).figures
    assert (found["precision"], found["recall"], found["first tag"]) == (1, 1, 1)


def test_nothing_shown_is_no_error() -> None:
    found = tag_figures(torch.zeros(4, 1), torch.tensor([[1.0], [1.0], [1.0], [0.0]]), 0.5)
    assert found["precision"] == found["recall"] == found["calibration error"] == 0


def test_concepts_that_are_said_too_rarely_have_no_mean() -> None:
    found = tag_figures(torch.zeros(2, 1), torch.tensor([[1.0], [0.0]]), 0.5)
    assert (found["concepts"], "mAP" in found) == (0, False)


def test_the_calibration_error_is_the_gap_between_scores_and_shares() -> None:
    scores, said = torch.full((10,), 0.75), torch.tensor([1.0] * 5 + [0.0] * 5)
    assert calibration_error(scores, said) == pytest.approx(0.25)

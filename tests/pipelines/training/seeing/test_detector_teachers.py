"""pipelines/training/seeing/detector_teachers.py: where networks agree."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.detectors import COCO_LABELS
from pipelines.training.seeing import detector_teachers
from pipelines.training.seeing.detector_teachers import (
    KEPT,
    Floats,
    agreed_boxes,
    label_photographs,
    normalised,
    teachers,
)

CAT = COCO_LABELS.index("cat")


class Finder:
    """Finds all that is bright, as one cat, unless it is blind."""

    def __init__(self, score: float) -> None:
        self.score = score

    def __call__(self, image: Image.Image) -> tuple[Floats, Floats]:
        y, x = (np.asarray(image.convert("L")) > 128).nonzero()
        corners = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        scores = np.zeros((1, len(COCO_LABELS)), np.float32)
        scores[0, CAT] = self.score
        return np.array([corners], np.float32) / np.array([*image.size] * 2, np.float32), scores


def photo() -> Image.Image:
    """Black, with a white square left of the middle."""
    image = Image.new("RGB", (200, 100))
    image.paste((255, 255, 255), (20, 10, 60, 50))
    return image


def test_a_box_that_all_find_in_both_views_has_their_mean_score_and_place() -> None:
    (found,) = agreed_boxes([Finder(0.9), Finder(0.5)], photo())
    label, score, corners = found
    assert (label, score) == ("cat", pytest.approx(0.7))
    assert corners == pytest.approx([20, 10, 60, 50], abs=0.1)


def test_what_one_of_many_finds_is_doubtful_or_left_out() -> None:
    ((_, score, _),) = agreed_boxes([Finder(0.9), Finder(0.0)], photo())
    assert score == pytest.approx(0.45)
    assert agreed_boxes([Finder(KEPT * 1.5), Finder(0.0)], photo()) == []


def test_labelling_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo().save(tmp_path / "a.png")
    file = tmp_path / "labels.jsonl"
    known = ["old.png", [["dog", 0.5, [0, 0, 9, 9]]]]
    file.write_text(json.dumps(known) + "\n" + '["a.png", [["ca')  # the second line is cut off
    monkeypatch.setattr(detector_teachers, "teachers", lambda folder: [Finder(0.9)])
    first = label_photographs(tmp_path, ["a.png", "old.png"], file)
    assert [label for label, _, _ in first["a.png"]] == ["cat"]
    assert first["old.png"] == known[1]
    monkeypatch.setattr(detector_teachers, "teachers", lambda folder: pytest.fail("all are known"))
    again = label_photographs(tmp_path, ["a.png", "old.png"], file)
    assert json.dumps(again) == json.dumps(first)


def test_the_given_networks_agree_that_a_cat_is_a_cat(datasets: Path) -> None:
    pytest.importorskip("ncnn", reason="ncnn runs two of the networks; it is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime runs YOLOX; it is not installed")
    import skimage

    with Image.open(Path(skimage.__file__).parent / "data" / "chelsea.png") as opened:
        image = opened.convert("RGB")
    assert normalised(image).shape == (3, 416, 416)
    for network in teachers(datasets / "weights_detectors"):
        boxes, scores = network(image)
        assert len(boxes) == len(scores)
        assert scores.max() == scores[:, CAT].max() > 0.5

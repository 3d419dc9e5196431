"""pipelines/training/seeing/detector_data.py: boxes stay on their objects whatever a view shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from graph_fusion.encoders.detection_loss import Boxes
from pipelines.datasets.coco import Labelled
from pipelines.detectors import COCO_LABELS
from pipelines.training.seeing.detector_data import (
    DAMAGES,
    Sample,
    damaged,
    greyed,
    samples,
    turned,
)


@pytest.fixture(scope="module")
def white_object(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A white object on black."""
    file = tmp_path_factory.mktemp("photographs") / "white.png"
    image = Image.new("RGB", (80, 60))
    image.paste((255, 255, 255), (10, 20, 50, 40))
    image.save(file)
    box = torch.tensor([[10 / 80, 20 / 60, 50 / 80, 40 / 60]])
    return Sample(file, Boxes(box, torch.tensor([3]), torch.tensor([0.7])))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=60)
def test_turned_boxes_stay_inside_and_on_their_object(white_object: Sample, seed: int) -> None:
    torch.manual_seed(seed)
    view, boxes = turned(white_object, 64)
    assert view.shape == (3, 64, 64)
    assert boxes.labels.tolist() == [3] * len(boxes.corners)
    bright = (view[0] > 0.8).nonzero().flip(1) + 0.5
    for x1, y1, x2, y2 in boxes.corners.tolist():
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
        middle = view[:, int((y1 + y2) / 2 * 64), int((x1 + x2) / 2 * 64)]
        assert (middle > 0.7).all()
        margin = 0.1  # the box is around an ellipse, which leaves out turned corners
        low, high = bright.amin(0) / 64 + margin, bright.amax(0) / 64 - margin
        assert x1 <= low[0] and y1 <= low[1]  # noqa: PT018
        assert x2 >= high[0] and y2 >= high[1]  # noqa: PT018


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_damage_keeps_the_size_and_the_range(seed: int) -> None:
    torch.manual_seed(seed)
    view = torch.rand(3, 64, 64)
    for one in (damaged, *(damage for _, damage in DAMAGES)):
        found = one(view)
        assert found.shape == view.shape
        assert found.min() >= -1e-3
        assert found.max() <= 1 + 1e-3


def test_grey_has_no_colour() -> None:
    red, green, blue = greyed(torch.rand(3, 8, 8))
    assert torch.equal(red, green)
    assert torch.equal(red, blue)


def test_real_boxes_are_sure_and_repeated_and_the_teachers_are_not(tmp_path: Path) -> None:
    coco = tmp_path / "coco_mini"
    (coco / "images" / "train2017").mkdir(parents=True)
    images = []
    for number, name in enumerate(["t1", "t4", "t6"]):  # t4 is held out, t6 is development's
        file = f"images/train2017/{name}.jpg"
        Image.new("RGB", (40, 60)).save(coco / file)
        about = {"id": number, "file_name": file, "split": "train2017"}
        images.append(about | {"width": 40, "height": 60})
    box = {"id": 1, "image_id": 0, "category_id": 1, "bbox": [4, 6, 16, 24], "iscrowd": 0}
    content = {"images": images, "annotations": [box], "categories": [{"id": 1, "name": "cat"}]}
    (coco / "annotations.json").write_text(json.dumps(content))
    (tmp_path / "flickr").mkdir()
    Image.new("RGB", (40, 60)).save(tmp_path / "flickr" / "f.jpg")
    taught: dict[str, Labelled] = {"flickr/f.jpg": [("dog", 0.5, [4, 6, 20, 30])]}
    first, second, teachers = samples(tmp_path, taught, real_repeats=2)
    assert first.file == second.file == coco / images[0]["file_name"]
    assert first.boxes.scores.tolist() == [1.0]
    assert first.boxes.labels.tolist() == [COCO_LABELS.index("cat")]
    assert teachers.boxes.scores.tolist() == [0.5]
    assert teachers.boxes.corners[0].tolist() == pytest.approx([0.1, 0.1, 0.5, 0.5])

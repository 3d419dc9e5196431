"""pipelines/training/seeing/detector.py: what is trained on, and the steps to the model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from graph_fusion.encoders.picodet import PicoDet
from kg.errors import SightGraphError
from pipelines.datasets.photographs import PhotographParts
from pipelines.detectors import COCO_IDS, COCO_LABELS
from pipelines.detectors.bundled import BundledDetector
from pipelines.photo import Photo
from pipelines.training.seeing.detector import (
    WEIGHTS,
    DetectorTraining,
    calibrate,
    development,
    interpolated,
    logistic,
    train,
    unlabelled,
)

SMALL = DetectorTraining(
    epochs=2,
    batch_size=2,
    side=64,
    sides=(64, 96),
    real_repeats=1,
    labelled=0,
    learning_rate=1e-3,
    log="none",
)


def test_at_least_one_side_is_trained_at() -> None:
    with pytest.raises(SightGraphError, match="'sides'"):
        DetectorTraining(sides=())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of data sets with photographs of each part: t6 is development's, t4 held out."""
    folder = tmp_path / "data"
    coco = folder / "coco_mini"
    names = {"train2017": ["t1.jpg", "t2.jpg", "t4.jpg", "t6.jpg"], "val2017": ["v1.jpg"]}
    images, annotations = [], []
    for split, files in names.items():
        (coco / "images" / split).mkdir(parents=True)
        for file in files:
            number = len(images) + 1
            name = f"images/{split}/{file}"
            Image.effect_noise((64, 48), 60).convert("RGB").save(coco / name)
            size = {"width": 64, "height": 48}
            images.append({"id": number, "file_name": name, "split": split} | size)
            box = {"bbox": [8, 8, 30, 30], "area": 900, "iscrowd": 0}
            annotations.append({"id": number, "image_id": number, "category_id": 17} | box)
    categories = [{"id": i, "name": n} for i, n in zip(COCO_IDS, COCO_LABELS, strict=True)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (coco / "annotations.json").write_text(json.dumps(document))
    (folder / WEIGHTS).parent.mkdir()
    write_start(folder / WEIGHTS)
    return folder


def write_start(file: Path) -> None:
    """Write random weights as ncnn stores them; each cell is sure of a cat."""
    torch.manual_seed(1)
    parts = []
    for layer in PicoDet().modules():
        if isinstance(layer, nn.Conv2d):
            bias = torch.zeros(layer.out_channels)
            if layer.out_channels == 112:
                bias[COCO_LABELS.index("cat")] = 1.0
            numbers = torch.cat([layer.weight.detach().flatten(), bias]).numpy()
            parts += [np.zeros(1, "<f4").tobytes(), numbers.astype("<f4").tobytes()]
    file.write_bytes(b"".join(parts))


def test_a_killed_training_ends_with_the_same_calibrated_model(data: Path, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def killed(line: str) -> None:
        if "epoch" in line:
            raise KilledError

    with pytest.raises(KilledError):
        train(data, tmp_path / "parts", SMALL, killed)
    train(data, tmp_path / "parts", SMALL, lambda line: None)
    figures = train(data, tmp_path / "whole", SMALL, lambda line: None)
    parts = load_file(tmp_path / "parts" / "model.safetensors")
    whole = load_file(tmp_path / "whole" / "model.safetensors")
    assert all(torch.equal(parts[name], whole[name]) for name in whole)
    assert figures["chosen"] >= figures["start"]
    detector = BundledDetector(tmp_path / "whole")
    assert detector.config.side == SMALL.side
    assert all(one.score >= detector.threshold for one in detector(Photo.open("example:cat")))


def test_shares_are_chosen_on_the_part_development_only(data: Path) -> None:
    assert [Path(one.file_name).name for one in development(data)] == ["t6.jpg"]


def test_photographs_of_other_parts_are_not_labelled(datasets: Path) -> None:
    names = unlabelled(datasets, seed=0)
    part = PhotographParts(datasets)
    assert {part(name) for name in names} == {"train"}
    assert len(names) == len(set(names))
    assert names == unlabelled(datasets, seed=0)
    assert not any(name.startswith(("coco_mini", "caltech101")) for name in names)


def test_missing_start_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=WEIGHTS.name):
        train(tmp_path, tmp_path / "out", SMALL)


def test_calibrating_again_changes_nothing(data: Path, tmp_path: Path) -> None:
    train(data, tmp_path, SMALL, lambda line: None)
    before = [(tmp_path / name).read_bytes() for name in ("model.safetensors", "config.json")]
    calibrate(data, tmp_path)
    after = [(tmp_path / name).read_bytes() for name in ("model.safetensors", "config.json")]
    assert before[0] == after[0]
    (scale, offset), again = (
        (one["scale"], one["offset"]) for one in (json.loads(before[1]), json.loads(after[1]))
    )
    assert again == pytest.approx((scale, offset), rel=1e-2)  # the weights are in fp16 now
    assert 0 <= BundledDetector(tmp_path).threshold <= 1


def test_interpolation_ends_at_both_weights() -> None:
    start, trained = {"w": torch.zeros(3)}, {"w": torch.ones(3)}
    assert interpolated(start, trained, 0.0)["w"].tolist() == [0, 0, 0]
    assert interpolated(start, trained, 0.25)["w"].tolist() == [0.25] * 3
    assert interpolated(start, trained, 1.0)["w"].tolist() == [1, 1, 1]


def test_the_logistic_finds_the_line_that_the_answers_were_drawn_from() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20_000, generator=generator, dtype=torch.float64) * 2
    chance = (1.7 * logits - 0.4).sigmoid()
    right = torch.bernoulli(chance, generator=generator)
    scale, offset = logistic(logits, right)
    assert (scale, offset) == pytest.approx((1.7, -0.4), abs=0.1)

"""detection*.py: the official scorer, and training that resumes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from graph_fusion.encoders.detector import Boxes, DetectorNetwork
from kg.errors import SightGraphError
from pipelines.datasets.coco import read_coco
from pipelines.datasets.photographs import read_teacher_boxes
from pipelines.detections import Detection
from pipelines.detectors import COCO_IDS, COCO_LABELS
from pipelines.evaluate import Source
from pipelines.evaluate.detection import CocoPart, DetectionEvaluator, best_threshold
from pipelines.photo import Photo
from pipelines.training.detector import (
    BACKBONE_FILE,
    DETECTOR_FILE,
    DetectorTraining,
    start_from_fastestdet,
    train,
    training_records,
)
from pipelines.training.detector_data import (
    Sample,
    augment,
    load_samples,
    own_labels,
    training_image,
)


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
    (folder / "flickr").mkdir()
    Image.effect_noise((40, 60), 60).convert("RGB").save(folder / "flickr" / "f.jpg")
    boxes = {
        "coco_mini/images/train2017/t1.jpg": [["dog", 0.5, [1, 1, 20, 20]]],
        "coco_mini/images/train2017/t2.jpg": [],
        "coco_mini/images/train2017/t4.jpg": [],
        "coco_mini/images/train2017/t6.jpg": [],
        "coco_mini/images/val2017/v1.jpg": [],
        "flickr/f.jpg": [["dog", 0.5, [1, 1, 20, 20]], ["cat", 0.1, [1, 1, 9, 9]]],
    }
    teacher = gzip.compress(json.dumps({"boxes": boxes}).encode())
    (folder / "teacher_boxes.json.gz").write_bytes(teacher)
    (folder / "weights_shufflenet").mkdir()
    write_start_weights(folder / "weights_shufflenet")
    return folder


def write_start_weights(folder: Path) -> None:
    """Write random weights under the names that FastestDet's files use."""
    torch.manual_seed(1)
    network = DetectorNetwork(80)
    context, head = network.backbone.context, network.head
    parts = {
        "SPP.Conv1x1.conv1x1.": context.reduce,
        "SPP.output.": context.join,
        "detect_head.conv1x1.conv1x1.": head.shared,
    }
    parts |= {f"SPP.S{number}.": reach for number, reach in enumerate(context.reaches, 1)}
    for name, branch in (("cls", head.classes), ("reg", head.boxes), ("obj", head.objectness)):
        parts[f"detect_head.{name}_layers.conv5x5."] = branch
    weights = {
        prefix + name: value
        for prefix, part in parts.items()
        for name, value in part.state_dict().items()
    }
    body = network.backbone.body.state_dict()
    for name, value in body.items():
        theirs = name.replace("branch1", "branch_proj").replace("branch2", "branch_main")
        if name.endswith(("branch1.2.weight", "branch2.5.weight")):
            value = as_fastestdet_orders(value, 0 if "branch1" in name else len(value))
        weights[f"backbone.{theirs}"] = value
    torch.save(weights, folder / DETECTOR_FILE)
    torch.save(body, folder / BACKBONE_FILE)


def as_fastestdet_orders(rows: Tensor, offset: int) -> Tensor:
    """Return output channels so placed that both shuffles carry the same ones along.

    torchvision carries the first half of what it shuffled past each block, so earlier rows
    stay longer; FastestDet the even places, so places with more factors of two stay longer.
    """

    def stays(place: int) -> int:
        number = offset + place
        return number & -number if number else 1 << 30

    places = sorted(range(len(rows)), key=stays, reverse=True)
    ordered = torch.empty_like(rows)
    ordered[places] = rows
    return ordered


class Perfect:
    name = "perfect"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [Detection("cat", 0.9, self.name, (8, 8, 38, 38))]


class Blind:
    name = "blind"

    def __call__(self, photo: Photo) -> list[Detection]:
        return []


class Elsewhere:
    name = "elsewhere"

    def __call__(self, photo: Photo) -> list[Detection]:
        return [Detection("cat", 0.9, self.name, (40, 30, 60, 46))]


def test_perfect_detections_score_one_and_wrong_or_no_ones_nothing(data: Path) -> None:
    evaluate = DetectionEvaluator()
    coco = evaluate.dataset(Source(data / "coco_mini"))
    perfect = evaluate(Perfect(), coco)
    assert perfect.figures["AP"] == pytest.approx(1)
    assert [one["file_name"] for one in perfect.rows] == [one["file_name"] for one in coco.images]
    assert evaluate(Blind(), coco).figures["AP50"] == 0
    assert evaluate(Elsewhere(), coco).figures["AP50"] == 0


def test_all_of_a_data_set_without_val2017_is_measured(data: Path, tmp_path: Path) -> None:
    coco = data / "coco_mini"
    content = json.loads((coco / "annotations.json").read_text())
    for image in content["images"]:
        image["split"] = "test2017"
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(content))
    whole = CocoPart.read(Source(file, images=coco))
    assert (len(whole.images), whole.folder) == (len(content["images"]), coco)
    assert len(CocoPart.read(Source(coco)).images) < len(whole.images)


def test_an_unknown_split_names_the_known_ones(data: Path) -> None:
    with pytest.raises(SightGraphError, match="train2017, val2017"):
        CocoPart.read(Source(data / "coco_mini", "test"))


def test_a_folder_that_is_no_coco_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="annotations"):
        CocoPart.read(Source(tmp_path))


LABELS: dict[str, list[tuple[str, float, list[float]]]] = {
    "coco_mini/images/train2017/t1.jpg": [("dog", 0.5, [1, 1, 20, 20])],
    "coco_mini/images/train2017/t2.jpg": [],
    "coco_mini/images/train2017/t4.jpg": [],
    "coco_mini/images/train2017/t6.jpg": [],
    "coco_mini/images/val2017/v1.jpg": [],
    "flickr/f.jpg": [("dog", 0.5, [4, 6, 20, 30])],
}


def test_training_reads_no_photograph_of_the_val_part_and_none_held_out(data: Path) -> None:
    photos = training_records(data)
    assert [one.name for one in photos] == [*sorted(LABELS)[:2], "flickr/f.jpg"]
    samples = load_samples(data, photos, LABELS, real_repeats=2)
    assert len(samples) == 2 * 2 + 1  # and the one that is not of COCO


def test_real_boxes_replace_the_networks_own_and_are_sure(data: Path) -> None:
    samples = load_samples(data, training_records(data), LABELS, real_repeats=1)
    _, real, own = (sample.boxes for sample in samples)
    assert real.scores.tolist() == [1.0]
    assert real.labels.tolist() == [COCO_LABELS.index("cat")]
    assert own.scores.tolist() == [0.5]
    assert own.corners[0].tolist() == pytest.approx([4 / 40, 6 / 60, 20 / 40, 30 / 60])


def test_own_labels_are_kept_for_the_next_run(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = DetectorNetwork(80).eval()
    file = tmp_path / "labels.json.gz"
    first = own_labels(network, data, 64, file)
    assert sorted(first) == sorted(one.name for one in read_teacher_boxes(data))
    torch.manual_seed(1)
    assert own_labels(DetectorNetwork(80).eval(), data, 64, file).keys() == first.keys()
    assert json.loads(gzip.decompress(file.read_bytes())).keys() == first.keys()


def test_best_threshold_lies_between_right_and_wrong_detections(data: Path) -> None:
    class Mixed:
        name = "mixed"

        def __call__(self, photo: Photo) -> list[Detection]:
            return [
                Detection("cat", 0.8, self.name, (8, 8, 38, 38)),
                Detection("cat", 0.4, self.name, (40, 30, 60, 46)),
                Detection("dog", 0.3, self.name, (8, 8, 38, 38)),
            ]

    photos = [one for one in read_coco(data / "coco_mini") if one.split == "train2017"]
    assert best_threshold(data / "coco_mini", Mixed(), photos) == 0.8


def test_resumed_training_ends_with_the_same_weights(data: Path, tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def killed(line: str) -> None:
        raise KilledError

    options = DetectorTraining(
        epochs=2, side=64, sides=(64, 96), batch_size=2, learning_rate=1e-2, log="none"
    )
    with pytest.raises(KilledError):
        train(data, tmp_path / "parts", options, killed)
    train(data, tmp_path / "parts", options)
    train(data, tmp_path / "whole", options)
    parts = load_file(tmp_path / "parts" / "model.safetensors")
    whole = load_file(tmp_path / "whole" / "model.safetensors")
    assert all(torch.equal(parts[name], whole[name]) for name in whole)
    start = DetectorNetwork(80)
    start_from_fastestdet(start, data / "weights_shufflenet")
    stem = "backbone.body.conv1."
    changed = {
        name for name, value in start.state_dict().items() if not torch.equal(value, whole[name])
    }
    assert changed
    assert not any(name.startswith(stem) or "running_" in name for name in changed)


def white_object() -> Sample:
    image = torch.zeros(3, 60, 80, dtype=torch.uint8)
    image[:, 20:40, 10:50] = 255  # a white object on black
    box = torch.tensor([[10 / 80, 20 / 60, 50 / 80, 40 / 60]])
    return Sample(image, Boxes(box, torch.tensor([3]), torch.tensor([0.7])))


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_augmented_boxes_stay_inside_and_on_their_object(seed: int) -> None:
    torch.manual_seed(seed)
    for make in (augment, lambda sample, side: training_image([sample] * 5, 0, side)):
        view, boxes = make(white_object(), 64)
        assert view.shape == (3, 64, 64)
        for x1, y1, x2, y2 in boxes.corners.tolist():
            assert 0 <= x1 < x2 <= 1
            assert 0 <= y1 < y2 <= 1
            middle = view[:, int((y1 + y2) / 2 * 64), int((x1 + x2) / 2 * 64)]
            assert (middle > 0.7).all()
        assert boxes.labels.tolist() == [3] * len(boxes.corners)

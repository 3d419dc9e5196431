"""pipelines/evaluate/seeing/detection.py: the official scorer, and what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from kg.errors import SightGraphError
from pipelines.detections import Detection
from pipelines.detectors import COCO_IDS, COCO_LABELS
from pipelines.evaluate import Source
from pipelines.evaluate.answering.calibration import Judged
from pipelines.evaluate.seeing.detection import CocoPart, DetectionEvaluator, best_threshold
from pipelines.photo import Photo


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a folder like coco_mini: a cat at the same place in each photograph."""
    coco = tmp_path / "data" / "coco_mini"
    names = {"train2017": ["t1.jpg", "t2.jpg"], "val2017": ["v1.jpg"]}
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
    return tmp_path / "data"


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


def test_the_year_of_a_split_may_be_left_out(data: Path) -> None:
    short, whole = (CocoPart.read(Source(data / "coco_mini", one)) for one in ("val", "val2017"))
    assert short.images == whole.images != []


def test_an_unknown_split_names_the_known_ones(data: Path) -> None:
    with pytest.raises(SightGraphError, match="train2017, val2017"):
        CocoPart.read(Source(data / "coco_mini", "test"))


def test_a_folder_that_is_no_coco_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="annotations"):
        CocoPart.read(Source(tmp_path))


def test_what_is_shown_is_measured_beside_average_precision(data: Path) -> None:
    class Doubling:
        """Finds the cat twice, and something that is not there; blind in grey."""

        name = "doubling"

        def __call__(self, photo: Photo) -> list[Detection]:
            red, green, _ = photo.image.getpixel((0, 0))  # type: ignore[misc]
            if red == green:
                return []
            return [
                Detection("cat", 0.9, self.name, (8, 8, 38, 38)),
                Detection("dog", 0.6, self.name, (8, 8, 38, 37)),
                Detection("person", 0.3, self.name, (50, 40, 60, 46)),
            ]

    coco = CocoPart.read(Source(data / "coco_mini"))
    for image in coco.images:
        Image.new("RGB", (64, 48), "red").save(coco.folder / image["file_name"])
    figures = DetectionEvaluator()(Doubling(), coco).figures
    assert figures["AP50"] == pytest.approx(1)
    assert figures["grey AP50"] == 0
    assert figures["doubled share"] == pytest.approx(1 / 3)
    assert figures["precision"] == pytest.approx(1 / 3)
    assert figures["recall"] == 1
    assert figures["calibration error"] == pytest.approx((0.1 + 0.6 + 0.3) / 3)
    assert figures["milliseconds"] > 0


def test_a_part_may_be_narrowed_to_some_photographs(data: Path) -> None:
    coco = CocoPart.read(Source(data / "coco_mini", "train2017"))
    one = coco.only(["images/train2017/t1.jpg"])
    assert [image["file_name"] for image in one.images] == ["images/train2017/t1.jpg"]
    assert [box["image_id"] for box in one.annotations] == [one.images[0]["id"]]


def test_best_threshold_lies_between_right_and_wrong_detections() -> None:
    shown = [Judged(0.8, True), Judged(0.7, True), Judged(0.4, False), Judged(0.3, False)]
    assert best_threshold(shown, objects=2) == 0.7


def test_the_named_file_is_read_and_what_the_scorer_needs_is_filled_in(data: Path) -> None:
    coco = data / "coco_mini"
    content = json.loads((coco / "annotations.json").read_text())
    content["images"] = content["images"][:1]
    content["annotations"] = [
        {"id": 0, "image_id": 1, "category_id": 17, "bbox": [8, 8, 30, 30]},
    ]
    for one in content["categories"]:
        one["name"] = one["name"].title()
    own = coco / "own.json"
    own.write_text(json.dumps(content))
    part = DetectionEvaluator().dataset(Source(own, "train"))
    assert len(part.images) == 1
    figures = DetectionEvaluator()(Perfect(), part).figures
    assert (figures["AP"], figures["recall"]) == (pytest.approx(1), 1)
    assert DetectionEvaluator().dataset(Source(coco)).left_out == 2
    content["annotations"][0]["category_id"] = 1000
    own.write_text(json.dumps(content))
    with pytest.raises(SightGraphError, match="no category"):
        CocoPart.read(Source(own))

"""pipelines/detectors/annotations.py: the formats of other tools, and their mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from pipelines.detectors.annotations import GivenObject, read_objects

BOX = (4.0, 0.0, 440.0, 280.0)
SIDES = [4, 0, 436, 280]
FLAT = [4, 0, 440, 280]
CORNERS = {"x1": 4, "y1": 0, "x2": 440, "y2": 280}
VOC = """<annotation><filename>a.jpg</filename><object><name>Cat</name><bndbox><xmin>4</xmin>
<ymin>0</ymin><xmax>440</xmax><ymax>280</ymax></bndbox></object></annotation>"""
CASES: dict[str, tuple[str, Any]] = {
    "COCO results": (".json", [{"category": "cat", "bbox": SIDES, "score": 1}]),
    "COCO's numbers": (".json", [{"category_id": 17, "bbox": SIDES}]),
    "COCO annotations": (
        ".json",
        {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": [{"image_id": 1, "category_id": 5, "bbox": SIDES}],
            "categories": [{"id": 5, "name": "cat"}],
        },
    ),
    "LabelMe": (
        ".json",
        {"imagePath": "a.jpg", "shapes": [{"label": "cat", "points": [[4, 0], [440, 280]]}]},
    ),
    "Pascal VOC": (".xml", VOC),
    "supervision": (".csv", "x_min,y_min,x_max,y_max,class_name\n4,0,440,280,cat\n"),
    "supervision's JSON": (
        ".json",
        [{"x_min": 4, "y_min": 0, "x_max": 440, "y_max": 280, "class_name": "cat"}],
    ),
    "Ultralytics": (".json", [{"name": "cat", "class": 15, "confidence": 1, "box": CORNERS}]),
    "Roboflow": (
        ".json",
        {"predictions": [{"x": 222, "y": 140, "width": 436, "height": 280, "class": "cat"}]},
    ),
    "torchvision": (".json", {"boxes": [[4, 0, 440, 280]], "labels": [17], "scores": [1.0]}),
    "Visual Genome": (
        ".json",
        [{"image_id": 1, "objects": [{"names": ["cat"], "x": 4, "y": 0, "w": 436, "h": 280}]}],
    ),
    "GQA": (
        ".json",
        {"1": {"objects": {"9": {"name": "cat", "x": 4, "y": 0, "w": 436, "h": 280}}}},
    ),
    "PSG": (
        ".json",
        {
            "thing_classes": ["cat"],
            "data": [
                {
                    "file_name": "a.jpg",
                    "annotations": [{"bbox": [4, 0, 440, 280], "category_id": 0}],
                }
            ],
        },
    ),
    "JSON lines": (".jsonl", json.dumps({"category": "cat", "bbox": SIDES}) + "\n\n"),
    "JSON lines by another name": (
        ".json",
        (json.dumps({"label": "cat", "bbox": SIDES}) + "\n") * 2,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_format_gives_label_and_box(tmp_path: Path, case: str) -> None:
    suffix, content = CASES[case]
    file = tmp_path / f"own{suffix}"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    found = read_objects(file)[0]
    assert (found.label, found.box, found.score) == ("cat", BOX, 1.0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '["Cup", "dog"]'),
        ("b.json", '{"labels": ["cup", "dog"]}'),
        ("c.txt", "cup\n\ndog\n"),
    ],
)
def test_labels_alone_are_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_objects(tmp_path / name) == [GivenObject("cup"), GivenObject("dog")]


def test_lines_of_yolo_need_the_names_of_their_classes(tmp_path: Path) -> None:
    file = tmp_path / "photo.txt"
    file.write_text("1 0.5 0.5 0.5 0.25 0.75\n")
    with pytest.raises(SightGraphError, match="--labels FILE"):
        read_objects(file)
    (tmp_path / "classes.txt").write_text("dog\nTabby\n")
    expected = GivenObject("tabby", 0.75, (0.25, 0.375, 0.75, 0.625), relative=True)
    assert read_objects(file) == [expected]


def test_given_names_replace_those_of_coco(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('[{"category_id": 0, "bbox": [1, 2, 3, 4]}]')
    (tmp_path / "names.txt").write_text("helmet\n")
    (found,) = read_objects(tmp_path / "own.json", tmp_path / "names.txt")
    assert (found.label, found.number) == ("helmet", None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "line 1"),
        ("3", "neither a list"),
        ('[{"bbox": [1, 2, 3, 4], "score": 1}]', "entry 0"),
        ('["cup", {"category_id": 1, "bbox": [1, 2, 3], "score": 1}]', "entry 1"),
        ('[{"category_id": 12, "bbox": [1, 2, 3, 4], "score": 1}]', "no category 12"),
        ('[{"category_id": 1, "bbox": [1, 2, -3, 4], "score": 1}]', "out of range"),
        ('[{"category": "cat", "bbox": [NaN, 2, 3, 4]}]', "entry 0: bbox is nan"),
        ('[{"category": "", "bbox": [1, 2, 3, 4]}]', "label is empty"),
        ('[{"category": "cat", "score": 7}]', "entry 0: score is 7"),
        ("[" * 5000, "deeply"),
    ],
)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(SightGraphError, match=reason) as found:
        read_objects(tmp_path / "x.json")
    assert "x.json" in str(found.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"nowhere\.json"):
        read_objects(tmp_path / "nowhere.json")

"""pipelines/detectors/annotation_formats.py: one file of each tool."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.detectors.annotations import read_objects

BOX = (4.0, 0.0, 440.0, 280.0)
SIDES = [4, 0, 436, 280]
FLAT = [4, 0, 440, 280]
CORNERS = {"x1": 4, "y1": 0, "x2": 440, "y2": 280}
VOC = """<annotation><filename>a.jpg</filename><object><name>Cat</name><bndbox><xmin>4</xmin>
<ymin>0</ymin><xmax>440</xmax><ymax>280</ymax></bndbox></object></annotation>"""
CASES: dict[str, tuple[str, Any]] = {
    "COCO results": (".json", [{"category": "cat", "bbox": SIDES, "score": 1}]),
    "COCO's numbers": (
        ".json",
        [{"category_id": 17, "bbox": SIDES}, {"category_id": 90, "bbox": SIDES}],
    ),
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
    "torchvision": (".json", {"boxes": [FLAT], "labels": ["cat"], "scores": [1.0]}),
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


CAT = {"x": 4, "y": 0, "w": 436, "h": 280}
SCENE_GRAPHS: dict[str, Any] = {
    "Visual Genome": [
        {
            "image_id": 1,
            "objects": [
                {"object_id": 5, "names": ["cat"], "attributes": ["Gray", "gray"], **CAT},
                {"object_id": 6, "names": ["rug"], **CAT},
            ],
            "relationships": [{"predicate": "ON", "subject_id": 5, "object_id": 6}],
        }
    ],
    "Visual Genome's relationships.json": [
        {
            "image_id": 1,
            "objects": [
                {"object_id": 5, "name": "cat", "attributes": ["gray"], **CAT},
                {"object_id": 6, "name": "rug", **CAT},
            ],
            "relationships": [
                {"predicate": "on", "subject": {"object_id": 5}, "object": {"object_id": 6}}
            ],
        }
    ],
    "GQA": {
        "1": {
            "objects": {
                "5": {
                    "name": "cat",
                    "attributes": ["gray"],
                    "relations": [{"name": "on", "object": "6"}],
                    **CAT,
                },
                "6": {"name": "rug", "attributes": [], "relations": [], **CAT},
            }
        }
    },
}


@pytest.mark.parametrize("case", SCENE_GRAPHS)
def test_scene_graphs_keep_attributes_and_relations(tmp_path: Path, case: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(SCENE_GRAPHS[case]))
    cat, rug = read_objects(tmp_path / "a.json")
    assert (cat.label, cat.attributes, cat.relations) == ("cat", ("gray",), (("on", rug.key),))
    assert (rug.label, rug.attributes, rug.relations) == ("rug", (), ())


def test_psg_names_its_predicates_by_number(tmp_path: Path) -> None:
    photo = {
        "file_name": "a.jpg",
        "annotations": [{"bbox": FLAT, "category_id": 0}, {"bbox": FLAT, "category_id": 1}],
        "relations": [[0, 1, 0]],
    }
    content = {
        "thing_classes": ["cat"],
        "stuff_classes": ["rug"],
        "predicate_classes": ["on"],
        "data": [photo],
    }
    (tmp_path / "a.json").write_text(json.dumps(content))
    cat, rug = read_objects(tmp_path / "a.json")
    assert (cat.label, cat.relations, rug.label) == ("cat", (("on", rug.key),), "rug")

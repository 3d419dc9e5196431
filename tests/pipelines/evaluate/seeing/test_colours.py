"""evaluate/colours.py: the colours of objects that a person accepts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.datasets.splits import coco_part
from pipelines.evaluate.seeing.colours import ColoursEvaluator, read_colours
from pipelines.seeing.colours import COLOURS


def write(folder: Path, colours: list[str]) -> Path:
    Image.new("RGB", (40, 30), (200, 20, 30)).save(folder / "1.png")
    one = {"file_name": "1.png", "label": "bus", "box": [5, 5, 30, 25], "colours": colours}
    file = folder / "colours.json"
    file.write_text(json.dumps({"objects": [one]}))
    return file


def test_the_labels_are_of_photographs_that_nothing_is_learnt_from() -> None:
    objects = json.loads(bundled("questions", "colours.json").read_text())["objects"]
    assert len(objects) == 150
    assert {coco_part(one["file_name"]) for one in objects} == {"held-out"}
    assert {colour for one in objects for colour in one["colours"]} <= set(COLOURS)


def test_the_first_colour_is_measured_against_those_accepted(tmp_path: Path) -> None:
    objects = read_colours(write(tmp_path, ["red", "orange"]), tmp_path)
    evaluator = ColoursEvaluator()
    report = evaluator(evaluator.system(), objects)
    assert report.primary == "top-1"
    assert report.figures["objects"] == report.figures["top-1"] == 1
    assert report.rows[0]["accepted"] == ["orange", "red"]
    assert report.rows[0]["found"][0] == "red"


def test_wrong_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="COLOURS"):
        read_colours(write(tmp_path, ["beige"]), tmp_path)
    with pytest.raises(SightGraphError, match="--data"):
        read_colours(write(tmp_path, ["red"]), tmp_path / "elsewhere")
    (tmp_path / "colours.json").write_text("{}")
    with pytest.raises(SightGraphError, match="objects"):
        read_colours(tmp_path / "colours.json", tmp_path)

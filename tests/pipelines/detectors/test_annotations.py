"""pipelines/detectors/annotations.py: which format a file has, and mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.detectors.annotations import FORMATS, read_objects
from pipelines.detectors.given import GivenObject


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
    ("content", "labels", "label"),
    [
        ('[{"category_id": 15, "bbox": [1, 2, 3, 4]}]', "coco", "bench"),
        ('[{"category_id": 15, "bbox": [1, 2, 3, 4]}]', "coco80", "cat"),
        ('{"boxes": [[1, 2, 4, 6]], "labels": [17]}', "coco", "cat"),
    ],
)
def test_numbers_are_nobodys_until_their_names_are_given(
    tmp_path: Path, content: str, labels: str, label: str
) -> None:
    file = tmp_path / "own.json"
    file.write_text(content)
    with pytest.raises(SightGraphError, match="--labels coco for COCO's ids"):
        read_objects(file)
    (found,) = read_objects(file, Path(labels))
    assert (found.label, found.box) == (label, (1, 2, 4, 6))


def test_a_format_may_be_named_where_the_file_does_not_show_it(tmp_path: Path) -> None:
    file = tmp_path / "boxes.dat"
    file.write_text("0 0.5 0.5 0.5 0.25\n")
    with pytest.raises(SightGraphError, match=r"boxes\.dat"):
        read_objects(file)
    (found,) = read_objects(file, Path("coco80"), "yolo")
    assert (found.label, found.relative) == ("person", True)
    with pytest.raises(SightGraphError, match="Did you mean 'yolo'"):
        read_objects(file, None, "yolov8")
    assert len(set(FORMATS)) == len(FORMATS)


def test_a_polygon_of_yolo_is_the_box_around_it(tmp_path: Path) -> None:
    file = tmp_path / "photo.txt"
    file.write_text("0 0.1 0.1 0.2 0.1 0.2 0.3\n0 0.5 0.5 0.5 0.25\n")
    polygon, box = read_objects(file, Path("coco80"))
    assert (polygon.label, polygon.box, polygon.relative) == ("person", (0.1, 0.1, 0.2, 0.3), True)
    assert box.box == (0.25, 0.375, 0.75, 0.625)


def test_a_short_line_of_yolo_is_refused_and_named(tmp_path: Path) -> None:
    file = tmp_path / "photo.txt"
    file.write_text("0 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2\n")
    with pytest.raises(
        SightGraphError, match=r"entry 1: the line '1 0\.5 0\.5 0\.2' has 4 numbers"
    ):
        read_objects(file, Path("coco80"))
    file.write_text("0 0.5 0.5 0.2 0.2\nbroken line\n")
    with pytest.raises(SightGraphError, match="entry 1"):
        read_objects(file, Path("coco80"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '[{"image_id": 1, "objects": [{"names": [], "x": 1, "y": 1, "w": 5, "h": 5}]}]',
            "entry 0: a list in it is too short",
        ),
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

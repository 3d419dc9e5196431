"""pipelines/detectors/precomputed.py: the detections of a file, on their photograph."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kg.errors import SightGraphError
from pipelines.detectors import make_detector
from pipelines.detectors.precomputed import DetectionsWarning, PrecomputedDetector
from pipelines.photo import Photo

KITCHEN = Photo(Image.new("RGB", (100, 80)), "photos/000000000007.jpg")


def detector(folder: Path, content: Any) -> PrecomputedDetector:
    file = folder / "own.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return PrecomputedDetector(file)


def test_detections_of_another_photograph_are_left_out(tmp_path: Path) -> None:
    entries = [
        {"image_id": 7, "category": "cup", "bbox": [10, 20, 30, 40], "score": 0.5},
        {"image_id": 8, "category": "dog", "bbox": [0, 0, 9, 9], "score": 0.9},
        {"image_id": 7, "category": "person", "bbox": [0, 0, 60, 60], "score": 0.9},
    ]
    found = detector(tmp_path, entries)(KITCHEN)
    assert [(one.label, one.box) for one in found] == [
        ("person", (0, 0, 60, 60)),
        ("cup", (10, 20, 40, 60)),
    ]


def test_a_box_that_reaches_beyond_the_photograph_is_clipped_with_a_warning(tmp_path: Path) -> None:
    entries = [{"category": "cat", "bbox": [-50, -50, 100, 200]}]
    with pytest.warns(DetectionsWarning, match="clipped; the first is entry 0"):
        (found,) = detector(tmp_path, entries)(KITCHEN)
    assert found.box == (0, 0, 50, 80)


def test_a_box_outside_the_photograph_is_refused(tmp_path: Path) -> None:
    entries = ["cup", {"category": "cat", "bbox": [4000, 3000, 4, 4]}]
    with pytest.raises(SightGraphError, match=r"entry 1: .* outside the photograph of 100 x 80"):
        detector(tmp_path, entries)(KITCHEN)


def test_which_names_class_numbers_were_given_is_said(tmp_path: Path) -> None:
    entries = [{"category_id": number, "bbox": [1, 2, 3, 4]} for number in (1, 90)]
    with pytest.warns(DetectionsWarning, match="COCO's: person, toothbrush"):
        found = detector(tmp_path, entries)(KITCHEN)
    assert [one.label for one in found] == ["person", "toothbrush"]


def test_the_only_number_of_a_file_fits_a_photograph_that_has_a_name(tmp_path: Path) -> None:
    one = detector(tmp_path, [{"image_id": 1, "category": "cat", "bbox": [1, 2, 3, 4]}])
    for name in ("kitchen.jpg", "IMG_20260501_101112.jpg"):
        assert len(one(Photo(KITCHEN.image, name))) == 1
    with pytest.warns(DetectionsWarning, match=r"none of its 1 objects is of 'photos/0+7\.jpg'"):
        assert one(KITCHEN) == []


def labels_of(folder: Path, content: Any, photo: str) -> list[str]:
    found = detector(folder, content)(Photo(Image.new("RGB", (200, 200)), photo))
    return [one.label for one in found]


def with_ids(*ids: str | int) -> list[dict[str, Any]]:
    return [{"image_id": one, "category": f"of {one}", "bbox": [1, 1, 5, 5]} for one in ids]


@pytest.mark.parametrize(
    ("ids", "photo", "own"),
    [
        (("beach_1", "street_1"), "beach_1.jpg", "of beach_1"),
        (("1-2", "12"), "12.jpg", "of 12"),
        (("cat", "dog"), "dog.jpg", "of dog"),
        (("a.jpg", "b.jpg"), "photos/b.jpg", "of b.jpg"),
        ((139, 14), "COCO_val2014_000000000139.jpg", "of 139"),
    ],
)
def test_an_id_is_the_name_of_its_photograph_or_the_number_at_its_end(
    tmp_path: Path, ids: tuple[str | int, ...], photo: str, own: str
) -> None:
    assert labels_of(tmp_path, with_ids(*ids), photo) == [own]


def test_a_name_as_the_only_id_is_of_no_other_photograph(tmp_path: Path) -> None:
    with pytest.warns(DetectionsWarning, match="none of its 1 objects"):
        assert labels_of(tmp_path, with_ids("beach_1"), "kitchen.jpg") == []


def coco(images: list[dict[str, Any]] | None) -> dict[str, Any]:
    boxes = [(1, "dog"), (2, "car")]
    written = {
        "categories": [{"id": at, "name": name} for at, name in boxes],
        "annotations": [
            {"image_id": at, "category_id": at, "bbox": [1, 1, 50, 50]} for at, _ in boxes
        ],
    }
    return written if images is None else {**written, "images": images}


def test_annotations_of_coco_without_names_go_by_the_id(tmp_path: Path) -> None:
    assert labels_of(tmp_path, coco(None), "000000000001.jpg") == ["dog"]


def test_annotations_of_a_photograph_that_is_not_listed_are_of_no_other(tmp_path: Path) -> None:
    assert labels_of(tmp_path, coco([{"id": 1, "file_name": "a.jpg"}]), "a.jpg") == ["dog"]


def test_folders_tell_photographs_of_one_name_apart(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "train/1.jpg"}, {"id": 2, "file_name": "val\\1.jpg"}]
    assert labels_of(tmp_path, coco(images), "/data/train/1.jpg") == ["dog"]
    assert labels_of(tmp_path, coco(images), "/data/val/1.jpg") == ["car"]
    with pytest.raises(SightGraphError, match=r"several .* 'other/1\.jpg': train/1\.jpg, val"):
        labels_of(tmp_path, coco(images), "other/1.jpg")


def test_a_path_of_windows_names_its_file(tmp_path: Path) -> None:
    shapes = [{"label": "dog", "points": [[1, 1], [50, 50]]}]
    labelme = {"imagePath": "..\\images\\a.jpg", "shapes": shapes}
    assert labels_of(tmp_path, labelme, "a.jpg") == ["dog"]


def test_a_box_that_rounding_puts_over_the_edge_needs_no_warning(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("0 0.9166667 0.5 0.1666667 1.0\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = PrecomputedDetector(file, labels="coco80")(KITCHEN)
    assert found.box is not None
    assert found.box.x2 == 100


def test_several_numbers_and_a_photograph_without_one_are_refused(tmp_path: Path) -> None:
    two = detector(tmp_path, [{"image_id": number, "category": "cat"} for number in (1, 7)])
    assert len(two(KITCHEN)) == 1
    with pytest.raises(SightGraphError, match=r"2 photographs .* 'kitchen\.jpg' has no number"):
        two(Photo(KITCHEN.image, "kitchen.jpg"))


def test_statements_are_of_the_objects_of_the_photograph(tmp_path: Path) -> None:
    box = {"x": 1, "y": 2, "w": 30, "h": 40}
    photos = [
        {
            "image_id": number,
            "objects": [
                {"object_id": 1, "names": ["cat"], "attributes": [f"colour {number}"], **box},
                {"object_id": 2, "names": ["rug"], **box},
            ],
            "relationships": [
                {"predicate": f"on {number}", "subject_id": 1, "object_id": 2},
                {"predicate": "in", "subject_id": 1, "object_id": 99},
            ],
        }
        for number in (7, 8)
    ]
    one = detector(tmp_path, photos)
    objects = one(KITCHEN)[::-1]
    assert [each.label for each in objects] == ["rug", "cat"]
    found = one.statements(KITCHEN, objects)
    assert found.attributes == ((), ("colour 7",))
    assert found.relations == ((1, "on 7", 0),)


VALUES = st.sampled_from(
    [None, True, "", "x", "\ud800", [], [1], {}, -1, 7, 2.5, 10**400, math.nan, math.inf, 1e300]
)


@given(
    key=st.sampled_from(["category", "category_id", "bbox", "score", "image_id", "file_name", "0"]),
    value=VALUES,
    corner=st.none() | VALUES,
)
def test_a_hostile_entry_is_refused_or_lies_inside_the_photograph(
    tmp_path: Path, key: str, value: Any, corner: Any
) -> None:
    entry: dict[str, Any] = {"category": "cat", "bbox": [1, 2, 3, 4], "score": 0.5}
    if corner is not None:
        entry["bbox"][2] = corner
    entry[key] = value
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DetectionsWarning)
            found = detector(tmp_path, [entry])(KITCHEN)
    except SightGraphError:
        return
    for one in found:
        assert 0 <= one.score <= 1
        assert one.label
        assert one.box is None or (one.box.area > 0 and one.box.x2 <= 100 and one.box.y2 <= 80)


def test_it_has_a_name_in_the_registry(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('["cup"]')
    assert make_detector("precomputed", path=tmp_path / "a.json")(KITCHEN)[0].label == "cup"

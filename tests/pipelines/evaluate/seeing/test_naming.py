"""pipelines/evaluate/seeing/naming.py: what counts as a right name of an object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from kg.errors import SightGraphError
from pipelines.detections import Detection, Name
from pipelines.evaluate.protocol import Source
from pipelines.evaluate.seeing.naming import (
    ClassPhoto,
    Judge,
    Named,
    NamingEvaluator,
    figures,
    read_class_photos,
)
from pipelines.photo import Photo


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.bundled()


def found(judge: Judge, label: str) -> Detection:
    """Return a detection with the synset of the tree that has `label` as its first lemma."""
    id_ = next(id_ for id_, one in judge.tree.synsets.items() if one.label == label)
    return Detection(label, 0.9, "me", (0, 0, 9, 9), names=(Name(label, 0.9, id_),))


def test_the_class_a_kind_of_it_and_a_near_hypernym_are_right(judge: Judge) -> None:
    for class_, label in (
        ("accordion", "accordion"),
        ("elephant", "African elephant"),
        ("wheelchair", "seat"),
    ):
        assert judge.judgement(class_, found(judge, label)) == "right"


def test_a_far_hypernym_is_vague_and_another_kind_is_wrong(judge: Judge) -> None:
    assert judge.judgement("flamingo", found(judge, "animal")) == "vague"
    assert judge.judgement("flamingo", found(judge, "accordion")) == "wrong"
    assert judge.judgement("yin yang", found(judge, "animal")) == "wrong"


def test_a_detectors_label_is_judged_by_the_synset_of_its_concept(judge: Judge) -> None:
    assert judge.judgement("scissors", Detection("scissors", 0.9, "me")) == "right"
    assert judge.judgement("Faces", Detection("person", 0.9, "me")) == "right"


def test_the_main_object_is_large_and_probable(judge: Judge) -> None:
    photo = Photo.open(Image.new("RGB", (100, 100)))
    small = Detection("scissors", 0.9, "me", (0, 0, 10, 10))
    large = Detection("person", 0.5, "me", (0, 0, 90, 90))
    named = judge(ClassPhoto(Path("a.jpg"), "Faces"), photo, [small, large])
    assert (named.label, named.judgement) == ("person", "right")
    assert judge(ClassPhoto(Path("a.jpg"), "Faces"), photo, []).judgement == "none"


def test_wrong_names_count_as_sure_from_a_score() -> None:
    photo = ClassPhoto(Path("a.jpg"), "Faces")
    named = [Named(photo, "cup", score, "wrong") for score in (0.3, 0.95)]
    assert figures([*named, Named(photo, "person", 0.9, "right")]) == {
        "photographs": 3,
        "right": 1 / 3,
        "vague": 0.0,
        "wrong": 2 / 3,
        "none": 0.0,
        "wrong and sure": 1 / 3,
    }


def test_a_folder_is_read_in_its_order_or_refused(tmp_path: Path) -> None:
    content = {
        "categories": [{"id": 1, "name": "ant"}],
        "images": [{"file_name": "images/ant/1.jpg", "category_id": 1}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    assert read_class_photos(tmp_path) == [ClassPhoto(tmp_path / "images/ant/1.jpg", "ant")]
    with pytest.raises(SightGraphError, match="Give a folder like caltech101"):
        read_class_photos(tmp_path / "none")


def test_a_class_that_cannot_be_judged_is_named_before_the_work(tmp_path: Path) -> None:
    content = {
        "categories": [{"id": 1, "name": "unicorn"}],
        "images": [{"file_name": "1.jpg", "category_id": 1}],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    with pytest.raises(SightGraphError, match="'unicorn'"):
        NamingEvaluator().dataset(Source(tmp_path))

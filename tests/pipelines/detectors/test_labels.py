"""pipelines/detectors/labels.py: the names of classes in every usual form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from kg.knowledge.memory import Knowledge
from pipelines.detectors.labels import numbered_for, photographable, read_labels


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("Cat\n dog \n\n", {0: "cat", 1: "dog"}),
        (["Cat", "fire  hydrant"], {0: "cat", 1: "fire hydrant"}),
        ({"1": "cat", "3": "dog"}, {1: "cat", 3: "dog"}),
        ({"id2label": {"0": "cat"}}, {0: "cat"}),
        ({"names": ["cat", "dog"]}, {0: "cat", 1: "dog"}),
        ({"categories": [{"id": 7, "name": "cat"}], "images": []}, {7: "cat"}),
    ],
)
def test_names_are_read_by_their_numbers(
    content: Any, labels: dict[int, str], tmp_path: Path
) -> None:
    file = tmp_path / ("names.txt" if isinstance(content, str) else "names.json")
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    assert read_labels(file) == labels


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.yaml", "train: ../train\nnc: 2\nnames: ['Cat', 'dog']\n"),
        ("data.yml", "names:\n  0: cat\n  1: dog\n"),
        ("L.JSON", '["cat", "dog"]'),
    ],
)
def test_a_file_is_read_by_its_ending(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    assert read_labels(tmp_path / name) == {0: "cat", 1: "dog"}


@pytest.mark.parametrize(
    "content",
    ["train: ../train\n", "names: cat\n", "names: &a {names: *a}\n", "names: [", "a" * 10**6 + "b"],
)
def test_yaml_without_names_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(content)
    with pytest.raises(SightGraphError, match=r"data\.yaml"):
        read_labels(tmp_path / "data.yaml")


@pytest.mark.parametrize("content", ["{", "[]", "[1]", '{"a": "cat"}', '["cat", ""]', "null", "7"])
def test_another_form_is_refused_with_the_file(content: str, tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text(content)
    with pytest.raises(SightGraphError, match=r"names\.json"):
        read_labels(tmp_path / "names.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"none\.txt"):
        read_labels(tmp_path / "none.txt")


def test_the_background_may_be_named_or_left_out() -> None:
    assert numbered_for({0: "cat", 1: "dog"}, 3, "w.pth") == {1: "cat", 2: "dog"}
    assert numbered_for({0: "nothing", 1: "cat"}, 2, "w.pth") == {0: "nothing", 1: "cat"}
    assert numbered_for({1: "cat", 2: "dog"}, 3, "w.pth") == {1: "cat", 2: "dog"}


@pytest.mark.parametrize("labels", [{0: "cat"}, {0: "a", 1: "b", 2: "c", 3: "d"}, {9: "cat"}])
def test_another_number_of_names_is_refused(labels: dict[int, str]) -> None:
    with pytest.raises(SightGraphError, match="2 classes"):
        numbered_for(labels, 3, "w.pth")


def test_what_can_be_photographed_is_known() -> None:
    names = photographable(Knowledge.bundled())
    assert {"motorcycle", "cat"} <= set(names)
    assert list(names) == sorted(set(names))
    assert "swimming" not in names

"""pipelines/batch/photographs: folders, patterns and lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.batch.photographs import find_photographs, is_many, output_names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "deep/c.webp", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_a_pattern_and_a_list_name_the_same_photographs_once(folder: Path) -> None:
    names = [str(folder / name) for name in ("a.PNG", "b.jpg", "deep/c.webp")]
    (folder / "list.txt").write_text("# these\na.PNG\n\nb.jpg\ndeep/c.webp\nexample:cat\n")
    assert find_photographs([str(folder)]) == names
    assert find_photographs([f"{folder}/**/*.[Pjw]*", str(folder)]) == names
    assert find_photographs([str(folder / "list.txt")]) == [*names, "example:cat"]


def test_one_photograph_is_not_many_even_with_brackets_in_its_name(folder: Path) -> None:
    (folder / "a[1].jpg").touch()
    assert not is_many(str(folder / "a[1].jpg"))
    assert not is_many("missing.jpg")
    assert not is_many("example:cat")
    assert is_many(str(folder))
    assert is_many(f"{folder}/*.jpg")
    assert find_photographs([str(folder / "a[1].jpg")]) == [str(folder / "a[1].jpg")]


def test_a_source_without_photographs_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="holds no photograph"):
        find_photographs([str(tmp_path)])


def test_no_two_photographs_write_the_same_file_nor_outside_the_folder() -> None:
    photographs = ["x/a.jpg", "x/a.png", "x/y/a.jpg", "../z/a.jpg", "example:a"]
    names = output_names(photographs)
    assert len(set(names.values())) == len(photographs)
    assert not any(name.startswith(("/", "..")) for name in names.values())


@pytest.mark.parametrize(
    "photographs",
    [
        ["../a/x.jpg", "a/x.jpg"],
        ["p/x.jpg.png", "p/x.jpg", "p/x.png"],
        ["example:cat", "cat", "cat.jpg", "file:///cat.jpg", "s3://a/cat.jpg"],
    ],
)
def test_names_that_are_alike_differ_in_the_end(photographs: list[str]) -> None:
    names = output_names(photographs)
    assert [*names] == photographs
    assert len(set(names.values())) == len(photographs)


def test_results_in_the_folder_of_the_photographs_are_none(folder: Path) -> None:
    results = folder / "graphs"
    results.mkdir()
    shutil.copy(next(folder.glob("*.jpg")), results / "a.jpg")
    before = find_photographs([str(folder)], without=results)
    assert find_photographs([str(folder)]) == sorted([*before, str(results / "a.jpg")])
    assert find_photographs([str(results)], without=results) == [str(results / "a.jpg")]


def test_a_list_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    name = next(folder.glob("*.jpg")).name
    (folder / "list.txt").write_text(f"\ufeff{name}\n", encoding="utf-8")
    assert find_photographs([str(folder / "list.txt")]) == [str(folder / name)]

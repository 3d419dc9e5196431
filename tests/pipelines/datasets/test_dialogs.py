"""pipelines/datasets/dialogs.py: files of dialogs, ours among them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.datasets.dialogs import DialogTurn, PhotoDialog, read_dialogs

ENTRY = {
    "id": "one",
    "file_name": "example:cat",
    "turns": [
        {"question": "What animal is this?", "answers": ["cat"]},
        {"question": "Is it a mammal?", "answers": ["yes"], "refers": "cat"},
        {"question": "That is a dog."},
    ],
}


def written(folder: Path, *entries: Any) -> Path:
    file = folder / "dialogs.json"
    file.write_text(json.dumps({"dialogs": list(entries)}))
    return file


def test_dialogs_are_read_with_answers_and_references(tmp_path: Path) -> None:
    turns = (
        DialogTurn("What animal is this?", ("cat",)),
        DialogTurn("Is it a mammal?", ("yes",), ("cat",)),
        DialogTurn("That is a dog."),
    )
    assert read_dialogs(written(tmp_path, ENTRY)) == [PhotoDialog("one", "example:cat", turns)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"turns": []}, {"turns": [{}]}, {"turns": [{"question": ""}]}, {"id": ""}, {"file_name": 3},
        {"turns": [{"question": "x", "answers": "yes"}]},
    ],
)  # fmt: skip
def test_broken_entries_are_named(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(SightGraphError, match="dialog 2"):
        read_dialogs(written(tmp_path, ENTRY, {**ENTRY, "id": "two", **wrong}))


def test_ids_and_parts_are_checked(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="two dialogs"):
        read_dialogs(written(tmp_path, ENTRY, ENTRY))
    with pytest.raises(SightGraphError, match="part"):
        read_dialogs(written(tmp_path, {**ENTRY, "part": "sealed"}), "selaed")
    (tmp_path / "empty.json").write_text("[]")
    with pytest.raises(SightGraphError, match="holds no dialogs"):
        read_dialogs(tmp_path / "empty.json")


def test_ours_are_forty_and_none_is_about_a_photograph_of_val() -> None:
    ours = read_dialogs(bundled("dialogs", "dialogs.json"))
    assert Counter(one.part for one in ours) == {"development": 25, "sealed": 15}
    assert not any("val2017" in one.file_name for one in ours)
    assert len({one.file_name for one in ours}) == len(ours)
    assert all(one.turns[0].answers for one in ours)

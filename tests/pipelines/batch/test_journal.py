"""pipelines/batch/journal: rows outlive a kill, and one batch writes at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SightGraphError
from pipelines.batch.journal import Journal


def test_a_line_that_a_kill_cut_off_is_removed_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": "\xe2\x80\xa8"}\n{"a": 3')
    with Journal(path, ["a"]) as journal:
        assert journal.rows == [{"a": 1}, {"a": "\u2028"}]
        journal.append({"a": "\ud800"})
    assert [row["a"] for row in Journal(path, ["a"]).rows] == [1, "\u2028", "\ud800"]


def test_two_batches_do_not_write_the_same_file(tmp_path: Path) -> None:
    with (
        Journal(tmp_path / "rows.jsonl", ["a"]),
        pytest.raises(SightGraphError, match="another batch"),
    ):
        Journal(tmp_path / "rows.jsonl", ["a"])


@pytest.mark.parametrize("content", ["a diary\n", "[1]\n", "no newline", '{"b": 1}\n'])
def test_a_file_of_something_else_is_refused_and_left_as_it_was(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "diary.txt"
    path.write_text(content)
    with pytest.raises(SightGraphError, match="line 1"):
        Journal(path, ["a"])
    assert path.read_text() == content

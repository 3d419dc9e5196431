"""pipelines/batch/contents: what has the same content is done once."""

from __future__ import annotations

from pathlib import Path

from pipelines.batch.contents import sort_by_content
from pipelines.batch.run import LocalEngine


def test_photographs_are_sorted_by_what_is_done_of_their_content(tmp_path: Path) -> None:
    files = {}
    for name, content in (("a", b"1"), ("b", b"2"), ("again", b"2"), ("other", b"1")):
        files[name] = str(tmp_path / name)
        Path(files[name]).write_bytes(content)
    gone = str(tmp_path / "gone")
    engine, listed = LocalEngine(), [*files.values(), gone]
    first = sort_by_content(engine, listed, [])
    assert first.missing == 5
    assert [task.photo for task in first.left] == [files["a"], files["b"]]
    assert [(row["photo"], "error" in row) for row in first.rows] == [(gone, True)]
    done = [*first.rows_of({**first.left[0].row, "part": "p"})]
    assert [row["photo"] for row in done] == [files["a"], files["other"]]

    again = sort_by_content(engine, listed, [*first.rows, done[0]])
    assert again.rows == [done[1]]
    assert [task.photo for task in again.left] == [files["b"]]
    assert again.missing == 3
    Path(files["a"]).write_bytes(b"3")
    changed = sort_by_content(engine, [files["a"]], done)
    assert [task.photo for task in changed.left] == [files["a"]]


def test_each_photograph_read_is_told(tmp_path: Path) -> None:
    told: list[None] = []
    sort_by_content(LocalEngine(), ["example:cat"], [], lambda: told.append(None))
    assert len(told) == 1

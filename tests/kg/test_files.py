"""Bundled files are found; writing leaves the whole new file or the whole old one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kg.errors import SightGraphError
from kg.files import atomic_path, bundled, cache_folder, check_writable, write_text

ROOT = Path(__file__).resolve().parents[2]


def test_bundled_knowledge_is_found() -> None:
    assert list(bundled("kg").glob("*.ttl"))


def test_missing_bundled_file_is_named() -> None:
    with pytest.raises(SightGraphError, match="'models/nothing' is missing"):
        bundled("models", "nothing")


def test_a_model_of_ones_own_takes_the_place_of_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tags").mkdir()
    (tmp_path / "kg").mkdir()
    shipped = bundled("models", "scenes")
    monkeypatch.setenv("SIGHTGRAPH_MODELS", str(tmp_path))
    assert bundled("models", "tags") == tmp_path / "tags"
    assert bundled("models", "scenes") == shipped
    assert bundled("kg") != tmp_path / "kg"


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGHTGRAPH_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/sightgraph")


def test_text_is_written_as_utf8_and_readable_by_others(tmp_path: Path) -> None:
    target = tmp_path / "note.txt"
    write_text(target, "café ≠ tea")
    assert target.read_bytes() == "café ≠ tea".encode()
    assert target.stat().st_mode & 0o777 == 0o644


def test_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "note.txt"
    write_text(target, "old")

    def fail_half_way() -> None:
        with atomic_path(target) as path:
            path.write_text("ne")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_old_file_stays_readable_while_the_new_one_is_written(tmp_path: Path) -> None:
    target = tmp_path / "note.txt"
    write_text(target, "old")
    with atomic_path(target) as path:
        path.write_text("new")
        assert target.read_text() == "old"
        assert path.suffix == target.suffix  # writers choose the format by it
    assert target.read_text() == "new"


def test_two_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "note.txt"
    texts = [letter * 100_000 for letter in "abcd"]
    writers = [threading.Thread(target=write_text, args=(target, text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert target.read_text() in texts
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing/note.txt", "No such file"), ("", "it is a folder"), ("a" * 300, "too long")],
)
def test_unwritable_target_says_why(tmp_path: Path, name: str, reason: str) -> None:
    for write in (check_writable, lambda target: write_text(target, "text")):
        with pytest.raises(SightGraphError, match=reason):
            write(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(SightGraphError, match="not a plain file"):
        write_text(pipe, "text")
    assert pipe.is_fifo()


def test_checking_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    old = tmp_path / "old.txt"
    write_text(old, "old")
    check_writable(old)
    check_writable(tmp_path / "new.txt")
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_a_writer_that_makes_a_file_of_its_own_changes_no_mode(tmp_path: Path) -> None:
    target = tmp_path / "weights.safetensors"
    with atomic_path(target) as path:
        path.unlink()
        path.touch(mode=0o600)
    assert target.stat().st_mode & 0o777 == 0o644


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "private.json"
    target.write_text("old")
    target.chmod(0o600)
    write_text(target, "new")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new", 0o600)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "note.txt").write_text("old")
    link = tmp_path / "note.txt"
    link.symlink_to(tmp_path / "far" / "note.txt")
    write_text(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "far" / "note.txt").read_text() == "new"


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "note.json"
    code = """
import os, sys
from kg.files import atomic_path
with atomic_path(sys.argv[1]) as path:
    path.write_text("half")
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code, target], cwd=ROOT).returncode == -9
    (left,) = tmp_path.iterdir()
    os.utime(left, (1, 1))
    mine = tmp_path / ".note-mine.json"
    mine.touch()
    write_text(target, "whole")
    assert sorted(tmp_path.iterdir()) == [mine, target]


def test_what_another_writer_is_writing_stays(tmp_path: Path) -> None:
    target = tmp_path / "note.json"
    with atomic_path(target) as path:
        os.utime(path, (1, 1))
        write_text(target, "other")
        assert path.exists()
        path.write_text("mine")
    assert target.read_text() == "mine"

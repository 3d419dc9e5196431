"""sightgraph evaluate edits: real answers about an example photograph, and mistakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """One edit and one unrelated question about a photograph that needs no folder."""
    edit = {
        "id": "edit-001",
        "file_name": "example:cat",
        "set": ["cat | used for | pest control"],
        "unset": [],
        "question": "What is this cat used for?",
        "before": ["catching mice", "keeping company", "petting"],
        "after": ["pest control"],
        "relation": "used for",
        "held_out": False,
    }
    other = {"edit": "edit-001", "file_name": "example:cat", "question": "What does a horse eat?"}
    path = tmp_path / "edits.json"
    path.write_text(json.dumps({"edits": [edit], "unrelated": [other]}))
    return path


def test_answers_are_asked_before_and_after_and_written(
    run: Callable[..., Result], tmp_path: Path, file: Path
) -> None:
    report = tmp_path / "out.json"
    done = run("evaluate", "edits", "--data", file, "--images", tmp_path, "--json", report)
    assert done.exit_code == 0, done.stderr
    printed = dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines())
    assert printed["followed"] == printed["followed, 'used for'"]
    content = json.loads(report.read_text())
    (answer,), (other,) = content["answers"], content["unrelated answers"]
    assert content["followed"] == float(answer["right"])
    assert answer["before"] != "pest control"
    assert (other["edit"], other["right"]) == ("edit-001", other["before"] == other["after"])


def test_missing_photograph_is_named_before_the_work(
    mistake: Callable[..., str], tmp_path: Path, file: Path
) -> None:
    file.write_text(file.read_text().replace("example:cat", "nowhere.jpg"))
    line = mistake("evaluate", "edits", "--data", file, "--images", tmp_path)
    assert "nowhere.jpg" in line


def test_missing_file_of_edits_is_named(mistake: Callable[..., str], tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.json"
    assert str(nowhere) in mistake("evaluate", "edits", "--data", nowhere, "--images", tmp_path)


def test_unwritable_report_is_found_before_the_work(
    mistake: Callable[..., str], tmp_path: Path, file: Path
) -> None:
    report = tmp_path / "missing" / "out.json"
    options = ["--data", file, "--images", tmp_path, "--json", report]
    assert str(report) in mistake("evaluate", "edits", *options)

"""docs/tutorial.md: its config and its commands work as they are written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.cli.app import main

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def test_the_tutorial_goes_the_whole_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    (config,) = re.findall(r"```yaml\n(.*?)```", TUTORIAL, re.DOTALL)
    Path("own.yaml").write_text(config)
    commands = re.findall(r"^\$ sightgraph (.*)$", TUTORIAL, re.MULTILINE)
    assert len(commands) == 5
    for command in commands:
        done = CliRunner().invoke(main, shlex.split(command))
        assert done.exit_code == 0, (command, done.output, done.exception)
    assert Path("runs/own/model.json").is_file()
    table = Path("runs/own-bench/table.md").read_text()
    assert "question_only" in table
    assert "shuffled_edges" in table
    assert "| joint |" in Path("runs/placed-bench/table.md").read_text()

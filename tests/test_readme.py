"""The README's commands print what the README shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown_commands() -> list[tuple[str, str]]:
    """Return (command, first line that the README shows under it), in order."""
    if not README.is_file():
        return []
    shown = []
    for block in CONSOLE.findall(README.read_text(encoding="utf-8")):
        lines = block.splitlines()
        for command, output in zip(lines, [*lines[1:], ""], strict=True):
            if command.startswith("$ sightgraph "):
                shown.append((command.removeprefix("$ "), "" if output[:2] == "$ " else output))
    return shown


@pytest.mark.parametrize(("command", "first_line"), shown_commands())
def test_command_prints_the_first_line_that_the_readme_shows(
    tmp_path: Path, command: str, first_line: str
) -> None:
    for folder in ("data", "examples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "demo").mkdir()
    arguments = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout.splitlines() or [""])[0] == first_line


def test_readme_shows_at_least_one_command_with_its_output() -> None:
    if not README.is_file():
        pytest.skip("there is no README yet")
    assert any(first_line for _, first_line in shown_commands())

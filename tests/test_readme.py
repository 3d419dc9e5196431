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


NUMBER = re.compile(r"\d+\.\d+")
"""Confidences, scores and weights. They are the shipped weights' and change in their last digits
with the processor; the words around them do not."""


def shown_commands() -> list[tuple[str, list[str]]]:
    """Return (command, lines that the README shows under it), in order."""
    shown: list[tuple[str, list[str]]] = []
    for block in CONSOLE.findall(README.read_text(encoding="utf-8")):
        for line in block.splitlines():
            if line.startswith("$ "):
                shown.append((line.removeprefix("$ "), []))
            else:
                shown[-1][1].append(line)
    return [(command, lines) for command, lines in shown if command.startswith("sightgraph ")]


def without_numbers(lines: list[str]) -> list[str]:
    return [NUMBER.sub("0.0", line) for line in lines]


@pytest.mark.parametrize(("command", "lines"), shown_commands())
def test_command_prints_what_the_readme_shows(
    tmp_path: Path, command: str, lines: list[str]
) -> None:
    for folder in ("data", "examples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "demo").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", *shlex.split(command)[1:]],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.splitlines()
    if lines[-1:] == ["..."]:
        lines = lines[:-1]
        printed = printed[: len(lines)]
    assert without_numbers(printed) == without_numbers(lines)


def test_readme_shows_at_least_one_command_with_its_output() -> None:
    assert any(lines for _, lines in shown_commands())

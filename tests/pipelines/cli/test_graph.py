"""sightgraph graph: several files after one -o, each whole or as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
Mistake = Callable[..., str]


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Detections of somebody else, so that these tests do not wait for a detector."""
    path = tmp_path / "labels.json"
    path.write_text('["cat", "couch"]')
    return path


def test_one_o_writes_several_formats(run: Run, tmp_path: Path, labels: Path) -> None:
    targets = [tmp_path / f"scene.{ending}" for ending in ("json", "ttl", "dot")]
    caption = ("--text", "a cat on a red couch")
    done = run("graph", "example:cat", *caption, "--detections", labels, "-o", *targets)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [str(target) for target in targets]
    assert all(target.stat().st_size > 1000 for target in targets)
    written = json.dumps(json.loads(targets[0].read_text()))
    assert '"red"' in written
    assert '"precomputed"' in written


def test_graph_without_an_output_is_wrong_usage(run: Run) -> None:
    done = run("graph", "example:cat")
    assert done.exit_code == 2
    assert "--output" in done.stderr


@pytest.mark.parametrize("ending", ["docx", "", "tar.gz"])
def test_unknown_ending_is_a_mistake_and_nothing_is_written(
    mistake: Mistake, tmp_path: Path, ending: str
) -> None:
    good, bad = tmp_path / "scene.json", tmp_path / f"scene.{ending}".rstrip(".")
    line = mistake("graph", "example:cat", "-o", good, bad)
    assert f"'{bad}'" in line
    assert ".graphml" in line
    assert list(tmp_path.iterdir()) == []


def test_failure_leaves_an_existing_output_as_it_was(
    mistake: Mistake, tmp_path: Path, labels: Path
) -> None:
    target = tmp_path / "scene.json"
    target.write_text("old")
    mistake("graph", "example:cat", "--detections", labels, "--text", " ", "-o", target)
    assert target.read_text() == "old"
    assert set(tmp_path.iterdir()) == {target, labels}

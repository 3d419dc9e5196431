"""sightgraph train TASK and evaluate TASK, for the tasks of the bench."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.bench import BENCH_TASKS
from pipelines.bench.sort_of_clevr import SortOfClevr
from pipelines.cli import main
from pipelines.cli.task import GENERATED, TASKS


def test_every_task_of_the_bench_can_be_trained_and_measured() -> None:
    assert set(TASKS) == set(BENCH_TASKS)
    assert {name for name in TASKS if not BENCH_TASKS.make(name).needs_data} == set(GENERATED)


@pytest.mark.parametrize("task", sorted(set(TASKS) - set(GENERATED)))
def test_missing_data_is_named(mistake: Callable[..., str], tmp_path: Path, task: str) -> None:
    nowhere = tmp_path / "nowhere"
    assert str(nowhere) in mistake("train", task, "--data", nowhere, "--out", tmp_path / "out")
    assert str(nowhere) in mistake("evaluate", task, "--data", nowhere, "--checkpoint", tmp_path)


def test_what_was_trained_is_measured_to_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SortOfClevr, "amounts", (32, 8, 8))
    config = tmp_path / "own.yaml"
    config.write_text("fusion: joint\nsizes: {hidden: 16, layers: 1}\ntraining: {epochs: 1}\n")
    run, report = tmp_path / "run", tmp_path / "figures.json"
    trained = CliRunner().invoke(
        main, ["train", "sort-of-clevr", "--config", str(config), "--out", str(run)]
    )
    assert trained.exit_code == 0, trained.output
    measured = CliRunner().invoke(
        main, ["evaluate", "sort-of-clevr", "--checkpoint", str(run), "--json", str(report)]
    )
    assert measured.exit_code == 0, measured.output
    figures = json.loads(report.read_text(encoding="utf-8"))
    assert set(figures) == {"accuracy", "relational", "non-relational"}
    assert measured.stdout == trained.stdout[trained.stdout.index("accuracy  ") :]


def test_an_unknown_key_is_named_with_the_nearest_known_one(
    mistake: Callable[..., str], tmp_path: Path
) -> None:
    config = tmp_path / "own.yaml"
    config.write_text("sizes: {hiden: 16}\n")
    line = mistake("train", "sort-of-clevr", "--config", config, "--out", tmp_path / "run")
    assert "hiden" in line
    assert "hidden" in line

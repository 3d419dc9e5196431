"""sightgraph train: what is missing is said before long work."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from click.testing import Result

from graph_fusion.training.config import Log
from graph_fusion.training.record import RunFolder
from pipelines.bench import BENCH_TASKS
from pipelines.bench.sort_of_clevr import SortOfClevr
from pipelines.cli.train import LOGS, train
from pipelines.training import TRAININGS

MODELS = set(TRAININGS) - {"colours", "mixing", "namer", "retrieval"}
"""Models that need no options but --data, and have epochs."""


def test_every_model_can_be_trained() -> None:
    assert set(train.commands) == set(TRAININGS) | {"names", "words"} | set(BENCH_TASKS)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_missing_data_is_named(mistake: Callable[..., str], tmp_path: Path, model: str) -> None:
    nowhere = tmp_path / "nowhere"
    line = mistake("train", model, "--data", nowhere, "--out", tmp_path / "out", "--epochs", 1)
    assert str(nowhere) in line


@pytest.mark.parametrize("model", sorted(MODELS))
def test_folder_that_cannot_be_made_is_named(
    mistake: Callable[..., str], tmp_path: Path, model: str
) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "out"
    assert str(out) in mistake("train", model, "--data", tmp_path, "--out", out)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_data_must_be_named(run: Callable[..., Result], model: str) -> None:
    done = run("train", model)
    assert done.exit_code == 2
    assert "--data" in done.stderr


def test_the_detector_is_also_found_by_its_former_name(run: Callable[..., Result]) -> None:
    assert "detector" not in train.commands
    assert run("train", "detector", "--help").stdout.endswith(
        run("train", "detection", "--help").stdout.partition("[OPTIONS]")[2]
    )


@pytest.mark.parametrize("task", sorted(set(BENCH_TASKS) - {"sort-of-clevr"}))
def test_missing_data_of_a_task_of_the_bench_is_named(
    mistake: Callable[..., str], tmp_path: Path, task: str
) -> None:
    nowhere, out = tmp_path / "nowhere", tmp_path / "out"
    assert "--data" in mistake("train", task, "--out", out)
    assert str(nowhere) in mistake("train", task, "--data", nowhere, "--out", out)


class FewShapes(SortOfClevr):
    """A task of one's own."""

    name = "few-shapes"
    amounts = (32, 8, 8)


@pytest.mark.parametrize("task", [["sort-of-clevr"], ["--task", "tasks_of_mine:FewShapes"]])
def test_what_was_trained_is_measured_to_the_same_figures(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: list[str]
) -> None:
    monkeypatch.setattr(SortOfClevr, "amounts", FewShapes.amounts)
    monkeypatch.setitem(sys.modules, "tasks_of_mine", sys.modules[FewShapes.__module__])
    config = tmp_path / "own.yaml"
    config.write_text("fusion: joint\nsizes: {hidden: 16, layers: 1}\ntraining: {epochs: 1}\n")
    folder, report = tmp_path / "run", tmp_path / "figures.json"
    trained = run("train", *task, "--config", config, "--out", folder)
    assert trained.exit_code == 0, trained.output
    measured = run("evaluate", *task, "--model", folder, "--json", report)
    assert measured.exit_code == 0, measured.output
    content = json.loads(report.read_text(encoding="utf-8"))
    assert set(content["figures"]) == {"accuracy", "relational", "non-relational"}
    assert measured.stdout == trained.stdout[trained.stdout.index("accuracy  ") :]
    rows = [row["accuracy"] for row in content["items"]]
    assert sum(rows) / len(rows) == pytest.approx(content["accuracy"])


def test_an_unknown_key_of_a_task_is_named_with_the_nearest_known_one(
    mistake: Callable[..., str], tmp_path: Path
) -> None:
    config = tmp_path / "own.yaml"
    config.write_text("sizes: {hiden: 16}\n")
    line = mistake("train", "sort-of-clevr", "--config", config, "--out", tmp_path / "run")
    assert "hiden" in line
    assert "hidden" in line


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_config_file_with_an_unknown_option_names_the_nearest(
    mistake: Callable[..., str], tmp_path: Path, model: str
) -> None:
    config = tmp_path / "train.yaml"
    config.write_text("epoch: 3\n")
    line = mistake("train", model, "--data", tmp_path, "--out", tmp_path / "o", "--config", config)
    assert "unknown key 'epoch'. Did you mean 'epochs'?" in line


@pytest.mark.parametrize("model", sorted(one for one in MODELS if TRAININGS[one].resumes))
def test_what_cannot_start_over_forgets_nothing(
    mistake: Callable[..., str], tmp_path: Path, model: str
) -> None:
    folder = RunFolder(tmp_path / "training")
    folder.start({}, restart=False)
    folder.last.touch()
    mistake("train", model, "--data", tmp_path / "nowhere", "--out", tmp_path, "--restart")
    assert folder.last.exists()


def test_the_logs_are_those_that_training_knows() -> None:
    assert get_args(Log) == LOGS

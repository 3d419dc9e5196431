"""sightgraph train: what is missing is said before long work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from click.testing import Result

from graph_fusion.training.config import Log
from graph_fusion.training.record import RunFolder
from pipelines.cli.task import TASKS as OF_THE_BENCH
from pipelines.cli.train import LOGS, given, make_run_folder, train

MODELS = {"answerer", "detector", "parser", "relations", "scenes", "text-graph"}
OF_KNOWLEDGE = {"names", "retrieval"}
"""Models that are made from knowledge, and take other options."""
OF_MODELS = {"mixing"}
"""What is fitted on the answers of trained models, and takes other options."""


def test_every_model_can_be_trained() -> None:
    assert set(train.commands) == MODELS | OF_KNOWLEDGE | OF_MODELS | set(OF_THE_BENCH)


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


def test_only_given_options_replace_the_defaults() -> None:
    assert given(epochs=None, seed=0) == {"seed": 0}


@pytest.mark.parametrize("model", sorted(MODELS))
def test_a_config_file_with_an_unknown_option_names_the_nearest(
    mistake: Callable[..., str], tmp_path: Path, model: str
) -> None:
    config = tmp_path / "train.yaml"
    config.write_text("epoch: 3\n")
    line = mistake("train", model, "--data", tmp_path, "--out", tmp_path / "o", "--config", config)
    assert "unknown key 'epoch'. Did you mean 'epochs'?" in line


def test_restart_forgets_the_checkpoints_and_nothing_else(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "training")
    folder.start({}, restart=False)
    folder.last.touch()
    make_run_folder(tmp_path, restart=False)
    assert folder.last.exists()
    make_run_folder(tmp_path, restart=True)
    assert not folder.last.exists()
    assert (tmp_path / "training" / "config.json").exists()


def test_the_logs_are_those_that_training_knows() -> None:
    assert get_args(Log) == LOGS

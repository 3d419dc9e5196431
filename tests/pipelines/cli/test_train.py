"""sightgraph train: what is missing is said before long work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pipelines.cli.train import given, train

MODELS = {"answerer", "detector", "parser", "relations", "scenes", "text-graph"}
OF_KNOWLEDGE = {"names", "retrieval"}
"""Models that are made from knowledge, and take other options."""


def test_every_model_can_be_trained() -> None:
    assert set(train.commands) == MODELS | OF_KNOWLEDGE


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

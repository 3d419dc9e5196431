"""sightgraph bench: from the command line to table and plot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from pipelines.bench.sort_of_clevr import SortOfClevr

FEW = ("--epochs", 1, "--seeds", 1)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Few pictures, and a config of a small model; the file's path is returned."""
    monkeypatch.setattr(SortOfClevr, "amounts", (8, 4, 4))
    config = tmp_path / "small.yaml"
    config.write_text("sizes: {hidden: 8, layers: 1, heads: 2}\ntraining: {log: none}\n")
    return config


def test_a_task_is_trained_tabled_and_plotted(
    run: Callable[..., Result], few: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = (
        "bench", "fusion", "--task", "sort-of-clevr", "--fusions", "early, gcn",
        "--config", few, "--out", out, *FEW,
    )  # fmt: skip
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    assert "8 trainings, 0 of them done before" in done.stdout
    assert "Relation Networks: above 94" in done.stdout
    table = (out / "table.md").read_text(encoding="utf-8")
    for name in ("early", "gcn", "no_edges", "all_ones", "shuffled_edges", "random_graph"):
        assert f" {name} |" in table
        assert name in done.stdout
    for name in ("table.md", "results.json", "plot.png"):
        assert f"written: {out / name}" in done.stdout
        assert (out / name).is_file()
    again = run(*arguments, "--no-controls")
    assert "2 trainings, 2 of them done before" in again.stdout


def test_another_config_in_the_folder_is_refused(
    run: Callable[..., Result], mistake: Callable[..., str], few: Path, tmp_path: Path
) -> None:
    arguments = (
        "bench", "fusion", "--task", "sort-of-clevr", "--fusions", "early",
        "--config", few, "--out", tmp_path / "out", "--no-controls",
    )  # fmt: skip
    assert run(*arguments, *FEW).exit_code == 0
    line = mistake(*arguments, "--seeds", 1, "--epochs", 2)
    assert "holds results of another task, size or training" in line


def test_an_unknown_task_is_named(mistake: Callable[..., str]) -> None:
    line = mistake("bench", "fusion", "--task", "sort-of-clever")
    assert "unknown bench task 'sort-of-clever'. Did you mean 'sort-of-clevr'?" in line


def test_an_unknown_fusion_is_named(mistake: Callable[..., str], tmp_path: Path) -> None:
    line = mistake(
        "bench", "fusion", "--task", "sort-of-clevr", "--fusions", "nothing", "--out", tmp_path
    )
    assert "sort-of-clevr compares no 'nothing'" in line


@pytest.mark.parametrize("task", ["knowledge-scenes", "cora", "citeseer"])
def test_missing_data_is_asked_for_and_named(
    mistake: Callable[..., str], tmp_path: Path, task: str
) -> None:
    assert "needs --data" in mistake("bench", "fusion", "--task", task, "--out", tmp_path / "a")
    nowhere = tmp_path / "nowhere"
    arguments = ("bench", "fusion", "--task", task, "--data", nowhere, "--out", tmp_path / "b")
    assert str(nowhere) in mistake(*arguments)


def test_a_typo_in_the_config_is_named(mistake: Callable[..., str], tmp_path: Path) -> None:
    config = tmp_path / "bench.yaml"
    config.write_text("sizes:\n  hiden: 8\n")
    line = mistake("bench", "fusion", "--task", "cora", "--config", config)
    assert "unknown key 'sizes.hiden'. Did you mean 'sizes.hidden'?" in line

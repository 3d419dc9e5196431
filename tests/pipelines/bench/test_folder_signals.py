"""Folders with further modalities: read, trained on, left out, and refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from graph_fusion.fusion import FUSIONS
from kg.errors import SightGraphError
from pipelines.bench.evaluator import TaskEvaluator
from pipelines.bench.folder import FolderTask
from pipelines.bench.folder_signals import MAX_VECTORS, FolderSignals
from pipelines.bench.task_training import read_training, train_task
from pipelines.datasets.folder import read_folder

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "own_modalities"
TINY: dict[str, Any] = {"sizes": {"hidden": 16, "layers": 1, "heads": 2}}


def trained(out: Path, data: Path = EXAMPLE, **options: Any) -> dict[str, float]:
    training = {"epochs": 1, "batch_size": 16, "log": "none"}
    given = TINY | {"training": training} | options
    return train_task(FolderTask(), data, read_training(FolderTask(), None, **given), out, print)


def test_the_example_is_what_its_script_draws(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "make.py", tmp_path)
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path, check=True)
    assert (tmp_path / "questions.json").read_text() == (EXAMPLE / "questions.json").read_text()
    for file in (EXAMPLE / "sounds").iterdir():
        assert np.array_equal(np.load(tmp_path / "sounds" / file.name), np.load(file))


def test_vectors_are_standardised_and_long_signals_shortened(tmp_path: Path) -> None:
    folder = read_folder(EXAMPLE)
    signals = FolderSignals.read(folder.questions, None, None)
    training = {
        one.modalities["sound"]
        for one in folder.questions
        if one.part == "train" and one.modalities
    }
    every = torch.cat([signals.vectors[file] for file in training])
    torch.testing.assert_close(every.mean(0), torch.zeros(6), atol=1e-4, rtol=0)
    assert len(signals.vectors) == 12
    assert max(map(len, signals.vectors.values())) <= MAX_VECTORS
    values, masks = signals.batch(folder.questions[:3])
    assert masks["sound"].any(1).tolist() == [False, True, True]
    assert values["sound"].shape[::2] == (3, 6)


@pytest.mark.parametrize("fusion", ["late", "joint", "graph_attention"])
def test_a_fusion_learns_from_them_and_each_is_left_out(fusion: str, tmp_path: Path) -> None:
    assert fusion in FUSIONS
    trained(tmp_path, fusion=fusion, missing=0.3)
    report = TaskEvaluator(FolderTask(), without_modality="each")(tmp_path, EXAMPLE)
    names = [key.removeprefix("accuracy").strip() for key in report.figures]
    parts = ("image", "text", "sound")
    assert names == [
        "",
        *(f"without {one}" for one in parts),
        *(f"with {one} alone" for one in parts),
    ]
    one = TaskEvaluator(FolderTask(), without_modality="sound")(tmp_path, EXAMPLE)
    assert one.figures["accuracy"] == report.figures["accuracy without sound"]
    with pytest.raises(SightGraphError, match="sound"):
        TaskEvaluator(FolderTask(), without_modality="soud")(tmp_path, EXAMPLE)


def test_a_config_leaves_modalities_unread(tmp_path: Path) -> None:
    trained(tmp_path, modalities=[])
    known = json.loads((tmp_path / "folder.json").read_text())
    assert known["modalities"] == []
    with pytest.raises(SightGraphError, match="no question has the modality 'depth'"):
        trained(tmp_path / "other", modalities=["depth"])


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Callable[[list[dict[str, Any]]], None]], Path]:
    def copy(change: Callable[[list[dict[str, Any]]], None]) -> Path:
        folder = tmp_path / "data"
        shutil.copytree(EXAMPLE, folder)
        questions = json.loads((folder / "questions.json").read_text())
        change(questions)
        (folder / "questions.json").write_text(json.dumps(questions))
        return folder

    return copy


@pytest.mark.parametrize(
    ("modalities", "reason"),
    [
        ([], "names and files"),
        ({"sound": 3}, "names and files"),
        ({"sound": "none.npy"}, "no file"),
        ({"sound": "../../own_dataset/questions.json"}, "no file"),
        ({"photo": "sounds/01.npy"}, "cannot be named"),
        ({"sound": "sounds/10.npy"}, "belong to one part"),
    ],
)
def test_what_is_not_as_described_is_refused(copied: Any, modalities: Any, reason: str) -> None:
    folder = copied(lambda questions: questions[2].update(modalities=modalities))
    with pytest.raises(SightGraphError, match=reason):
        read_folder(folder)


def test_vectors_of_several_sizes_are_refused(copied: Any, tmp_path: Path) -> None:
    folder = copied(lambda questions: None)
    np.save(folder / "sounds" / "03.npy", np.zeros((2, 5)))
    with pytest.raises(SightGraphError, match="several sizes"):
        trained(tmp_path / "out", folder)

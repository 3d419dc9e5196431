"""A namer of signals is trained on a folder, and names what it has not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from kg.errors import SightGraphError
from pipelines.modalities import open_modality
from pipelines.modalities.naming import SignalNamer
from pipelines.training.seeing.signals import SignalBatch, SignalTraining, masked, train

LEVELS = {"sea": 0.0, "dog": 2.0, "rain": -2.0}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors whose level is their name's, with noise."""
    folder, chance = tmp_path_factory.mktemp("sounds"), np.random.default_rng(0)
    for name, level in LEVELS.items():
        (folder / name).mkdir()
        for number in range(24):
            vectors = level + chance.standard_normal((int(chance.integers(3, 9)), 4))
            np.save(folder / name / f"{number}.npy", vectors)
    return folder


def test_what_was_trained_names_new_signals(sounds: Path, tmp_path: Path) -> None:
    options = SignalTraining(epochs=12, hidden=8, learning_rate=0.02, log="none")
    figures = train(sounds, tmp_path / "namer", options, lambda line: None)
    assert figures["top-1 held-out"] > 0.7
    namer = SignalNamer.load(tmp_path / "namer")
    assert namer.modality == "sound"
    assert set(namer.names) == set(LEVELS)
    names = namer(open_modality("sound", np.full((5, 4), 2.0)))
    assert names[0].label == "dog"


def test_a_folder_of_one_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dog").mkdir()
    np.save(tmp_path / "dog" / "1.npy", np.zeros((2, 2)))
    with pytest.raises(SightGraphError, match="at least two names"):
        train(tmp_path, tmp_path / "out")


def test_masks_leave_vectors_of_every_signal() -> None:
    torch.manual_seed(0)
    mask = torch.zeros(2, 900, dtype=torch.bool)
    mask[0], mask[1, :2] = True, True
    batch = SignalBatch(torch.randn(2, 900, 4), mask, torch.tensor([0, 1]))
    for _ in range(9):
        found = masked(batch, torch.zeros(4))
        assert found.mask.any(1).all()
        assert found.vectors.shape[1] <= 300
    assert batch.vectors[0].isfinite().all()

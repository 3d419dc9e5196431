"""training/tags.py: it learns what captions mention, resumes, and is calibrated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pipelines.datasets.mentioned import Mentioned
from pipelines.training.seeing.tags import (
    TagTraining,
    calibration,
    learnable,
    presences,
    targets_of,
    train_network,
)


def photograph(said: dict[str, int], named: dict[str, int], captions: int = 5) -> Mentioned:
    return Mentioned("a.jpg", "train", Counter(said), Counter(named), captions)


@pytest.fixture
def examples(tmp_path: Path) -> list[tuple[Path, Tensor]]:
    """Grids on which a concept shows by its own feature in one cell, or does not."""
    chance, found = np.random.default_rng(0), []
    for number in range(96):
        there = chance.random(2) < 0.5
        grid = 0.2 * chance.standard_normal((3, 3, 4))
        for concept in np.flatnonzero(there):
            grid[chance.integers(3), chance.integers(3), concept] += 3
        np.save(tmp_path / f"{number}.npy", grid.astype(np.float16))
        found.append((tmp_path / f"{number}.npy", torch.from_numpy(there.astype(np.float32))))
    return found


def test_a_concept_is_learned_if_enough_photographs_call_it_by_its_name() -> None:
    dogs = [photograph({"animal": 5, "dog": 5}, {"dog": 2}) for _ in range(3)]
    once = [photograph({"cat": 1, "animal": 1}, {"cat": 1}) for _ in range(3)]
    assert learnable([*dogs, *once], least=3) == ["dog"]
    seas = [photograph({"sea": 5, "drink": 5}, {"sea": 5}) for _ in range(30)]
    drinks = [photograph({"drink": 5}, {"drink": 5}) for _ in range(3)]
    assert learnable([*seas, *drinks], least=3) == ["sea"]
    alone = [photograph({"cat": 1}, {"cat": 1}, captions=1) for _ in range(3)]
    assert learnable(alone, least=3) == ["cat"]


def test_one_caption_of_five_is_half_a_target() -> None:
    found = targets_of([photograph({"dog": 1, "cat": 4}, {})], ["dog", "cat", "cow"])
    assert found.tolist() == [[0.5, 1.0, 0.0]]


def test_training_learns_what_is_there(examples: list[tuple[Path, Tensor]], tmp_path: Path) -> None:
    options = TagTraining(epochs=15, batch_size=8, learning_rate=0.01, hidden=16, log="none")
    network = train_network(examples[:64], examples[64:], tmp_path / "run", options, lambda _: None)
    found = presences(network, examples[64:])
    targets = torch.stack([target for _, target in examples[64:]])
    assert ((found > 0.5) == targets.bool()).float().mean() > 0.9


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    examples: list[tuple[Path, Tensor]], resumes: Callable[..., None]
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, Tensor]:
        options = TagTraining(epochs=2, batch_size=16, hidden=8, log="none")
        return train_network(examples[:48], examples[48:64], out, options, log).state_dict()

    resumes(trained)


def test_calibration_gives_the_shares_that_are_confirmed() -> None:
    scores = np.repeat([0.9, 0.5], 1000).reshape(-1, 1)
    said = np.concatenate([np.arange(1000) < 600, np.arange(1000) < 200]).reshape(-1, 1)
    slope, bias = calibration(scores, said)
    sure = 1 / (1 + np.exp(-(slope * np.log(scores / (1 - scores)) + bias)))
    assert sure[0, 0] == pytest.approx(0.6, abs=0.01)
    assert sure[-1, 0] == pytest.approx(0.2, abs=0.01)

"""training/scenes.py, with its weak labels and its measure: it learns, and resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from kg.errors import SightGraphError
from pipelines.evaluate.scenes import (
    SCENES,
    ScenePhotographs,
    average_precision,
    probabilities,
    ranking_figures,
    weak_labels,
)
from pipelines.training.scenes import SceneTraining, threshold, train_network


def made(count: int = 100, seed: int = 0) -> ScenePhotographs:
    """Photographs whose scene is their most certain object."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.eye(3).repeat(count, 1)[:count]
    objects = targets + 0.5 * torch.rand(count, 3, generator=generator)
    look = torch.rand(count, 4, generator=generator)
    return ScenePhotographs([f"{n}.jpg" for n in range(count)], look, objects, targets)


def test_training_learns_the_scene(tmp_path: Path) -> None:
    options = SceneTraining(epochs=40, learning_rate=0.01, log="none")
    held = made(40, seed=1)
    network = train_network(made(), held, tmp_path, options, lambda line: None)
    scores = probabilities(network, held)
    assert ranking_figures(scores, held.targets)["top-1"] > 0.8


def test_the_threshold_is_the_lowest_with_enough_precision() -> None:
    scores, targets = torch.tensor([[0.9, 0.8], [0.7, 0.1]]), torch.tensor([[1.0, 0], [1, 0]])
    assert threshold(scores, targets) == pytest.approx(0.7)  # 2 of 3 are right; at 0.1 2 of 4


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    resumes: Callable[..., None],
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, Tensor]:
        options = SceneTraining(epochs=2, batch_size=16, log="none")
        return train_network(made(), made(10), out, options, log).state_dict()

    resumes(trained)


def test_scenes_are_named_but_not_of_val_photographs(datasets: Path) -> None:
    photos = weak_labels(datasets)
    assert len(photos) > 500
    assert not any("val2017" in one.name for one in photos)
    assert {scene for one in photos for scene in one.scenes} <= set(SCENES)


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="okvqa"):
        weak_labels(tmp_path)


def test_average_precision_by_hand() -> None:
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    targets = torch.tensor([1.0, 0.0, 1.0, 0.0])
    assert average_precision(scores, targets) == pytest.approx((1 + 2 / 3) / 2)
    figures = ranking_figures(
        torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([[0.0, 1], [0, 1]])
    )
    assert figures["top-1"] == 0.5

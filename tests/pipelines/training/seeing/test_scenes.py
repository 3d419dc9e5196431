"""training/scenes.py, with its labels and its measure: it learns, and resumes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from graph_fusion.perception import SceneNetwork
from kg.errors import SightGraphError
from pipelines.evaluate.seeing.scenes import (
    RARELY_NAMED,
    SCENES,
    LabelledPhoto,
    ScenePhotographs,
    average_precision,
    calibration_error,
    one_scene_each,
    probabilities,
    ranking_figures,
    targets_of,
    weak_labels,
)
from pipelines.training.seeing.scenes import (
    SceneTraining,
    best_factor,
    no_scene,
    train_network,
)


def made(count: int = 100, seed: int = 0) -> ScenePhotographs:
    """Photographs whose scene is their highest feature."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.eye(3).repeat(count, 1)[:count]
    look = targets + 0.5 * torch.rand(count, 3, generator=generator)
    return ScenePhotographs([f"{n}.jpg" for n in range(count)], look, targets)


def test_training_learns_the_scene(tmp_path: Path) -> None:
    options = SceneTraining(epochs=40, learning_rate=0.01, log="none")
    held = made(40, seed=1)
    network = train_network(made(), held, tmp_path, options, lambda line: None)
    scores = probabilities(network, held.look)
    assert ranking_figures(scores, held.targets)["top-1"] > 0.8


def test_an_undecided_scene_is_neither_learnt_nor_measured(tmp_path: Path) -> None:
    unknown = made()
    unknown.targets[:, 2] = torch.nan
    options = SceneTraining(epochs=2, log="none")
    network = train_network(unknown, unknown, tmp_path, options, lambda line: None)
    assert all(one.isfinite().all() for one in network.parameters())
    scores = torch.tensor([[0.2, 0.3, 0.9]])
    assert ranking_figures(scores, torch.tensor([[0.0, 1.0, torch.nan]]))["top-1"] == 1


def test_calibration_lowers_probabilities_that_are_too_high() -> None:
    network, photos = SceneNetwork(3, 3), made(30)
    wrong = ScenePhotographs(photos.names, photos.look, torch.full((30, 3), 0.5))
    assert best_factor(network, wrong) < 1
    before = network(photos.look)
    network.eval().sharpen(0.5)
    assert before.shape == network(photos.look).shape


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    resumes: Callable[..., None],
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, Tensor]:
        options = SceneTraining(epochs=2, batch_size=16, log="none")
        return train_network(made(), made(10), out, options, log).state_dict()

    resumes(trained)


def test_pictures_without_a_scene_deny_every_scene() -> None:
    empty = no_scene(4, count=3)
    assert empty.targets.tolist() == [[0.0] * 4] * 3
    assert empty.look.isfinite().all()


def test_scenes_are_named_but_not_of_val_photographs(datasets: Path) -> None:
    photos = weak_labels(datasets)
    assert len(photos) > 500
    assert not any("val2017" in one.name for one in photos)
    assert {scene for one in photos for scene in one.scenes} <= set(SCENES)


def test_weak_labels_do_not_deny_what_captions_rarely_name() -> None:
    known = frozenset(SCENES) - RARELY_NAMED
    street = LabelledPhoto("a.jpg", "train", frozenset({"street"}), known)
    targets = targets_of([street], ["street", "beach", "city street"])
    assert targets[0, :2].tolist() == [1.0, 0.0]
    assert targets[0, 2].isnan()


def test_a_folder_of_one_scene_each_is_read(tmp_path: Path) -> None:
    def write(scene: str, split: str) -> Path:
        folder = tmp_path / "scenes"
        folder.mkdir(exist_ok=True)
        image = {"file_name": "images/1.jpg", "scene": scene, "split": split}
        (folder / "annotations.json").write_text(json.dumps({"images": [image]}))
        return folder

    (photo,) = one_scene_each(write("suburb", "test"))
    assert (photo.name, photo.part) == ("scenes/images/1.jpg", "held-out")
    assert photo.scenes == photo.known == {"suburb"}
    with pytest.raises(SightGraphError, match="cellar"):
        one_scene_each(write("cellar", "train"))


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="okvqa"):
        weak_labels(tmp_path)


def test_measures_by_hand() -> None:
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    targets = torch.tensor([1.0, 0.0, 1.0, 0.0])
    assert average_precision(scores, targets) == pytest.approx((1 + 2 / 3) / 2)
    figures = ranking_figures(
        torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([[0.0, 1], [0, 1]])
    )
    assert figures["top-1"] == 0.5
    certain = torch.tensor([[0.9, 0.1], [0.9, 0.1]])
    assert calibration_error(certain, torch.tensor([[1.0, 0], [0, 1]])) == pytest.approx(0.4)

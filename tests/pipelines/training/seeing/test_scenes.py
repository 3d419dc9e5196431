"""training/scenes.py, with its labels and its measure: it learns, and resumes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

from graph_fusion.perception import SceneNetwork
from kg.errors import SightGraphError
from pipelines.datasets.scenes15 import read_scenes
from pipelines.evaluate.protocol import Source
from pipelines.evaluate.seeing.scene_labels import (
    RARELY_NAMED,
    SCENES,
    LabelledPhoto,
    one_scene_each,
    weak_labels,
)
from pipelines.evaluate.seeing.scenes import (
    ScenePhotographs,
    ScenesEvaluator,
    average_precision,
    calibration_error,
    encode_photographs,
    probabilities,
    ranking_figures,
    targets_of,
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


def test_photographs_of_equal_score_have_the_share_that_shows_the_scene_in_any_order() -> None:
    scores, targets = torch.full((4,), 0.5), torch.tensor([1.0, 0.0, 0.0, 0.0])
    assert average_precision(scores, targets) == average_precision(scores, targets.flip(0)) == 0.25


def scene_folder(folder: Path, *splits: str | None) -> Path:
    """A folder like scenes15 of so many pictures; those of no split name none."""
    (folder / "images").mkdir(parents=True)
    images = []
    for number, split in enumerate(splits):
        name = f"images/{number}.png"
        Image.new("RGB", (64, 64), (40 * number, 90, 90)).save(folder / name)
        scene = ("street", "beach")[number % 2]
        images.append({"file_name": name, "scene": scene} | ({"split": split} if split else {}))
    (folder / "annotations.json").write_text(json.dumps({"images": images}))
    return folder


def test_a_set_of_ones_own_is_measured_whole_and_a_train_part_by_what_is_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluate = ScenesEvaluator()
    own = scene_folder(tmp_path / "own", *[None] * 6)
    assert len(evaluate.dataset(Source(own)).test) == 6
    parts = Source(scene_folder(tmp_path / "parts", *["train"] * 40, "test", "test"))
    by_default = evaluate.dataset(parts)
    assert 2 < len(by_default.test) < 42
    assert len(by_default.test) + by_default.left_out == 42
    assert {one.part for one in by_default.test} == {"held-out"}
    assert len(evaluate.dataset(Source(parts.data, "test")).test) == 2
    assert len(evaluate.dataset(Source(parts.data, "all")).test) == 42
    with pytest.raises(SightGraphError, match="'tset'"):
        evaluate.dataset(Source(parts.data, "tset"))
    monkeypatch.chdir(own)
    (first, *_) = (found := evaluate.dataset(Source(Path()))).test
    assert (found.folder / first.name).is_file()


def test_a_part_without_photographs_and_a_missing_photograph_are_named(tmp_path: Path) -> None:
    folder = scene_folder(tmp_path / "own", "test", "train")
    content = json.loads((folder / "annotations.json").read_text())
    del content["images"][0]
    (folder / "annotations.json").write_text(json.dumps(content))
    assert read_scenes(folder)[0].part == "train"
    with pytest.raises(SightGraphError, match="no photograph to measure"):
        ScenesEvaluator().dataset(Source(folder))
    (folder / "images" / "1.png").unlink()
    with pytest.raises(SightGraphError, match=r"1\.png"):
        ScenesEvaluator().dataset(Source(folder, "all"))


def test_photographs_of_one_name_and_size_are_looked_at_each(tmp_path: Path) -> None:
    for name, colour in (("a", 0), ("b", 255)):
        (tmp_path / name).mkdir()
        Image.new("RGB", (32, 32), (colour,) * 3).save(tmp_path / name / "x.bmp")
    photos = [
        LabelledPhoto(f"{name}/x.bmp", "held-out", frozenset({"street"}), frozenset({"street"}))
        for name in "ab"
    ]
    first, second = encode_photographs(tmp_path, photos, ["street"]).look
    assert not torch.equal(first, second)

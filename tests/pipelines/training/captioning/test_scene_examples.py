"""pipelines/training/captioning/scene_examples: photographs of official lists, from both sides."""

from __future__ import annotations

from pathlib import Path

import torch

from graph_fusion.tensors import TextTable
from pipelines.training.captioning.scene_examples import (
    development_records,
    training_records,
    two_sides,
)


def test_the_official_lists_divide_the_photographs(captioned: Path) -> None:
    learned = {Path(one.name).stem.partition("_")[0] for one in training_records(captioned)}
    chosen = {Path(one.name).stem.partition("_")[0] for one in development_records(captioned)}
    assert learned == {"cat", "coffee", "motorcycle"}
    assert chosen == {"astronaut"}


def test_a_smaller_training_takes_photographs_from_all_of_the_lists(captioned: Path) -> None:
    every = training_records(captioned)
    assert training_records(captioned, len(every) + 1) == every
    assert training_records(captioned, 2) == [every[0], every[len(every) // 2]]


def test_each_photograph_has_two_sides_whose_boxes_mirror_each_other(captioned: Path) -> None:
    table = TextTable()
    photographs = training_records(captioned)
    found = list(two_sides(photographs, captioned / "seen", table, "knowledge"))
    assert [one.name for one, _, _ in found] == [one.name for one in photographs]
    for _, scene, mirror in found:
        boxes, turned = scene.graph.geometry[:, :4], mirror.graph.geometry[:, :4]
        located = boxes.any(1)
        torch.testing.assert_close(turned[located, 0], 1 - boxes[located, 2])
        assert not torch.equal(scene.cells, mirror.cells)

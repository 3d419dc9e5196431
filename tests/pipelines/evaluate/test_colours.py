"""colours.py and scenes.py: what captions and other models say of photographs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kg.errors import SightGraphError
from pipelines.evaluate.colours import said_colours
from pipelines.reading.text_graph_reader import TrainedReader
from pipelines.training.scenes import SCENES, Looked, _average_precision, _figures, weak_labels


def test_captions_name_colours_of_objects(datasets: Path) -> None:
    found = said_colours(datasets, False, TrainedReader())
    assert len(found) > 10
    for name, box, colours in found:
        assert "train" not in name
        assert box[0] < box[2]
        assert colours


def test_scenes_are_named_but_not_of_val_photographs(datasets: Path) -> None:
    labels = weak_labels(datasets)
    assert len(labels) > 500
    assert not any("val2017" in name for name in labels)
    assert {scene for scenes in labels.values() for scene in scenes} <= set(SCENES)


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="--data"):
        weak_labels(tmp_path)


def test_held_out_photographs_are_others_than_those_trained_on() -> None:
    names = [f"{number}.jpg" for number in range(50)]
    rows = torch.arange(50.0)[:, None]
    looked = Looked(names, rows, rows, rows)
    seen, kept_back = looked.part(False), looked.part(True)
    assert sorted(seen.names + kept_back.names) == sorted(names)
    assert kept_back.names
    assert kept_back.look[0, 0] == int(kept_back.names[0].removesuffix(".jpg"))


def test_average_precision_by_hand() -> None:
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    wanted = torch.tensor([1.0, 0.0, 1.0, 0.0])
    assert _average_precision(scores, wanted) == pytest.approx((1 + 2 / 3) / 2)
    figures = _figures(torch.tensor([[0.1, 0.9], [0.8, 0.2]]), torch.tensor([[0.0, 1], [0, 1]]))
    assert figures["top-1"] == 0.5

"""graph_fusion/encoders/fastestdet.py."""

from __future__ import annotations

import torch

from graph_fusion.encoders.fastestdet import STRIDE, DetectorNetwork


@torch.inference_mode()
def test_each_place_has_a_score_for_each_class_and_a_box_around_it() -> None:
    torch.manual_seed(0)
    found = DetectorNetwork(classes=5, channels=16).eval()(torch.rand(2, 3, 96, 64))
    places = (96 // STRIDE) * (64 // STRIDE)
    assert found.objectness.shape == (2, places)
    assert found.scores().shape == (2, places, 5)
    assert found.boxes.shape == (2, places, 4)
    assert ((found.scores() >= 0) & (found.scores() <= 1)).all()
    middle = (found.boxes[..., :2] + found.boxes[..., 2:]) / 2
    row, column = torch.arange(places) // 4, torch.arange(places) % 4
    expected = torch.stack([column / 4, row / 6], 1)
    assert ((middle - expected).abs() <= torch.tensor([1 / 4, 1 / 6]) + 1e-5).all()

"""pipelines/detectors/suppression.py: the same boxes as torchvision, bit for bit."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torchvision import ops

from pipelines.detectors.suppression import batched_nms, nms


def boxes_of(seed: int, amount: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return boxes that overlap much, some of them twice, with scores and labels."""
    draw = torch.Generator().manual_seed(seed)
    corner = torch.rand(amount, 2, generator=draw) * 60
    size = torch.rand(amount, 2, generator=draw) * 50
    boxes = torch.cat([corner, corner + size], 1)
    boxes[amount // 2 :] = boxes[: amount - amount // 2].round()
    scores = (torch.rand(amount, generator=draw) * 20).round() / 20  # equal ones too
    return boxes, scores, torch.randint(0, 5, (amount,), generator=draw)


@pytest.mark.parametrize("amount", [0, 1, 7, 300, 1000])
@pytest.mark.parametrize("threshold", [0.3, 0.6, 0.95])
def test_the_boxes_of_torchvision_are_kept(amount: int, threshold: float) -> None:
    for seed in range(5):
        boxes, scores, labels = boxes_of(seed, amount)
        expected = ops.nms(boxes, scores, threshold)
        assert torch.equal(nms(boxes, scores, threshold), expected)
        expected = ops.batched_nms(boxes, scores, labels, threshold)
        assert torch.equal(batched_nms(boxes, scores, labels, threshold), expected)


def test_the_operator_needs_no_import_of_torchvision() -> None:
    program = """
import sys, torch
from pipelines.detectors.suppression import nms
boxes = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [5, 5, 6, 6]])
assert nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5).tolist() == [1, 2]
assert "torchvision" not in sys.modules
import torchvision
assert torchvision.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5).tolist() == [1, 2]
"""
    subprocess.run([sys.executable, "-c", program], check=True)

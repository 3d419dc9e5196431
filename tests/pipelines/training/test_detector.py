"""pipelines/training/detector.py: our backbone and neck see what the authors' network saw."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders.detector import DetectorNetwork
from kg.errors import SightGraphError
from pipelines.training.detector import (
    BACKBONE_FILE,
    DETECTOR_FILE,
    joined_order,
    start_from_fastestdet,
)


class Original:
    """FastestDet's backbone after dog-qiuqiu/FastestDet: BGR in, shuffled before each block."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = weights

    def convolve(self, x: Tensor, name: str, number: int, stride: int = 1) -> Tensor:
        weight = self.weights[f"backbone.{name}.{number}.weight"]
        norm = f"backbone.{name}.{number + 1}."
        groups = x.shape[1] // weight.shape[1]
        x = F.conv2d(x, weight, None, stride, weight.shape[2] // 2, groups=groups)
        mean, var = (self.weights[f"{norm}running_{kind}"] for kind in ("mean", "var"))
        return F.batch_norm(
            x, mean, var, self.weights[f"{norm}weight"], self.weights[f"{norm}bias"]
        )

    def main(self, x: Tensor, block: str, stride: int) -> Tensor:
        x = self.convolve(x, f"{block}.branch_main", 0).relu()
        x = self.convolve(x, f"{block}.branch_main", 3, stride)
        return self.convolve(x, f"{block}.branch_main", 5).relu()

    def stages(self, bgr: Tensor) -> list[Tensor]:
        x = F.max_pool2d(self.convolve(bgr, "first_conv", 0, 2).relu(), 3, 2, 1)
        found = []
        for stage, blocks in (("stage2", 4), ("stage3", 8), ("stage4", 4)):
            side = self.convolve(x, f"{stage}.0.branch_proj", 0, 2)
            side = self.convolve(side, f"{stage}.0.branch_proj", 2).relu()
            x = torch.cat([side, self.main(x, f"{stage}.0", 2)], 1)
            for number in range(1, blocks):
                x = torch.cat([x[:, 0::2], self.main(x[:, 1::2], f"{stage}.{number}", 1)], 1)
            found.append(x)
        return found


@torch.inference_mode()
def test_stages_in_rgb_equal_the_authors_in_bgr_in_our_order(datasets: Path) -> None:
    folder = datasets / "weights_shufflenet"
    theirs = torch.load(folder / DETECTOR_FILE, weights_only=True, map_location="cpu")
    body = torch.load(folder / BACKBONE_FILE, weights_only=True, map_location="cpu")
    network = DetectorNetwork(80).eval()
    start_from_fastestdet(network, folder)
    ours = network.backbone.body
    torch.manual_seed(0)
    rgb = torch.rand(1, 3, 96, 96)
    stage2 = ours.stage2(ours.maxpool(ours.conv1(rgb)))
    stage3 = ours.stage3(stage2)
    seen = [stage2, stage3, ours.stage4(stage3)]
    order, offset = joined_order(theirs, body), 0
    assert sorted(order.tolist()) == list(range(len(order)))
    for mine, original in zip(seen, Original(theirs).stages(rgb.flip(1)), strict=True):
        part = order[offset : offset + mine.shape[1]] - offset
        torch.testing.assert_close(mine, original[:, part], atol=1e-5, rtol=1e-4)
        offset += mine.shape[1]


def test_missing_start_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=BACKBONE_FILE):
        start_from_fastestdet(DetectorNetwork(80), tmp_path)

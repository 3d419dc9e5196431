"""graph_fusion/perception.py"""

from __future__ import annotations

import torch

from graph_fusion.perception import SceneNetwork


def test_look_is_scaled_by_what_training_saw() -> None:
    torch.manual_seed(0)
    network = SceneNetwork(features=4, scenes=2).eval()
    look = torch.rand(1, 4)
    with torch.inference_mode():
        before = network(look)
        network.mean.fill_(2.0)
        network.spread.fill_(3.0)
        after = network(3 * look + 2)
    assert before.shape == (1, 2)
    torch.testing.assert_close(before, after)

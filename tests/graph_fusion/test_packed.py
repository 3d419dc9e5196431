"""graph_fusion/packed.py: packed networks compute what the others do."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import nn

from graph_fusion.packed import PackedConvolution, PackedLinear, can_pack, packed

pytestmark = pytest.mark.skipif(not can_pack(), reason="torch is built without oneDNN")


def networks() -> list[tuple[nn.Module, torch.Tensor]]:
    """Return networks with inputs: all forms of convolutions and of matrices' inputs."""
    torch.manual_seed(0)
    images = torch.randn(2, 8, 13, 12)
    convolutions = nn.Sequential(
        nn.Sequential(nn.Conv2d(8, 24, 1), nn.ReLU6(inplace=True)),
        nn.Sequential(nn.Conv2d(24, 24, 4, 2, 1, groups=24), nn.Hardswish(inplace=True)),
        nn.Conv2d(24, 8, 3, dilation=2, padding=2, bias=False),
        nn.Conv2d(8, 8, 5, padding=2, groups=8),
        nn.ReLU(),
    )
    matrices = nn.Sequential(nn.Linear(16, 40), nn.ReLU(), nn.Linear(40, 3, bias=False))
    last = torch.channels_last
    return [
        (convolutions, images),
        (convolutions, images.contiguous(memory_format=last)),
        (matrices, torch.randn(5, 16)),
        (matrices, torch.randn(2, 7, 16)),
    ]


@pytest.mark.parametrize("which", range(4))
@torch.inference_mode()
def test_a_packed_network_computes_what_it_did_before(which: int) -> None:
    network, inputs = networks()[which]
    expected = network(inputs)
    found = packed(deepcopy(network))(inputs)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_every_layer_is_packed_and_applies_the_activation_that_follows_it() -> None:
    network = packed(networks()[0][0])
    layers = [one for one in network.modules() if not list(one.children())]
    kinds = [type(one) for one in layers]
    assert kinds.count(PackedConvolution) == 4
    assert kinds.count(nn.Identity) == 3
    assert len(kinds) == 7
    assert not list(network.parameters()), "the weights would stand in memory twice"


def test_an_activation_that_is_used_elsewhere_stays() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)
            self.activation = nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.activation(x) - self.layer(x)
            return found

    network, x = Branches(), torch.randn(3, 4)
    with torch.inference_mode():
        expected = network(x)
        assert isinstance(packed(network).layer, PackedLinear)
        torch.testing.assert_close(network(x), expected)


@torch.inference_mode()
def test_a_row_has_the_same_bits_however_many_rows_there_are() -> None:
    network = packed(nn.Sequential(nn.Linear(384, 96), nn.ReLU(), nn.Linear(96, 64)))
    x = torch.randn(150, 384)
    for rows in (1, 7, 64, 149):
        assert torch.equal(network(x)[:rows], network(x[:rows]))


def test_without_the_operators_a_network_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph_fusion.packed.OPERATORS", ("an_operator_of_another_release",))
    network = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    assert [type(one) for one in packed(network)] == [nn.Linear, nn.ReLU]
    assert not network.training

"""The network that names signals: padding changes nothing, one vector is enough."""

from __future__ import annotations

import torch

from graph_fusion.signal_model import SignalNetwork


def test_padding_changes_no_logit() -> None:
    torch.manual_seed(0)
    network = SignalNetwork(5, 3, 8).eval()
    vectors = torch.randn(1, 7, 5)
    mask = torch.ones(1, 7, dtype=torch.bool)
    padded = torch.cat([vectors, torch.randn(1, 4, 5)], dim=1)
    longer = torch.cat([mask, torch.zeros(1, 4, dtype=torch.bool)], dim=1)
    assert torch.allclose(network(vectors, mask), network(padded, longer), atol=1e-6)


def test_one_vector_has_finite_logits_and_gradients() -> None:
    network = SignalNetwork(5, 3, 8)
    logits = network(torch.randn(2, 1, 5), torch.ones(2, 1, dtype=torch.bool))
    logits.sum().backward()
    assert logits.isfinite().all()
    assert all(one.grad.isfinite().all() for one in network.parameters())


def test_standardised_vectors_of_training_have_mean_0_and_deviation_1() -> None:
    network = SignalNetwork(2, 3, 8)
    vectors = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    network.standardise(vectors)
    assert network.mean.tolist() == [2.0, 5.0]
    assert network.spread[0] == 1.0
    assert network.spread[1] > 0


def test_sharpening_multiplies_the_logits() -> None:
    network = SignalNetwork(2, 3, 8).eval()
    given = torch.randn(1, 2, 2), torch.ones(1, 2, dtype=torch.bool)
    before = network(*given)
    network.sharpen(2.0)
    assert torch.allclose(network(*given), 2 * before, atol=1e-6)

"""graph_fusion/heads/closed.py: answers are known by their names before training."""

from __future__ import annotations

import torch

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.choice import NamedAnswers


def head(amount: int = 6, hidden: int = 16) -> NamedAnswers:
    torch.manual_seed(0)
    return NamedAnswers(torch.randn(amount, hidden), torch.ones(amount)).eval()


def fused(pooled: torch.Tensor) -> Fused:
    return Fused(pooled.unsqueeze(1), pooled)


def test_untrained_it_gives_the_answer_whose_name_the_vector_is() -> None:
    named = head()
    logs = named(fused(named.names.detach() * 7.0))
    assert logs.argmax(dim=1).tolist() == list(range(6))
    torch.testing.assert_close(logs.exp().sum(dim=1), torch.ones(6))


def test_of_two_equal_names_the_one_that_is_oftener_right_comes_first() -> None:
    names = torch.randn(1, 16).repeat(2, 1)
    named = NamedAnswers(names, torch.tensor([1.0, 9.0])).eval()
    logs = named(fused(torch.randn(1, 16)))
    torch.testing.assert_close(logs.exp(), torch.tensor([[0.1, 0.9]]))


def test_training_moves_the_answer_to_the_soft_scores() -> None:
    named = head()
    pooled, targets = torch.randn(1, 16), torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.6, 0.0]])
    optimizer = torch.optim.Adam(named.parameters(), 0.02)
    for _ in range(200):
        optimizer.zero_grad()
        named.loss(named(fused(pooled)), targets).backward()
        optimizer.step()
    shares = named(fused(pooled)).exp()[0]
    torch.testing.assert_close(shares[[2, 4]], torch.tensor([0.625, 0.375]), atol=0.05, rtol=0)

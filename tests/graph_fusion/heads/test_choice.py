"""graph_fusion/heads/choice: candidates in any order, unseen ones too."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.base import LOG_ZERO
from graph_fusion.heads.choice import ChoiceHead

HIDDEN, TEXT = 8, 6


def questions(samples: int, choices: int, seed: int) -> tuple[Fused, Tensor, Tensor]:
    """Return questions whose pooled vector holds that of the right candidate, all of them new."""
    generator = torch.Generator().manual_seed(seed)
    candidates = torch.randn(samples, choices, TEXT, generator=generator)
    target = torch.randint(0, choices, (samples,), generator=generator)
    pooled = torch.randn(samples, HIDDEN, generator=generator)
    pooled[:, :TEXT] = candidates[torch.arange(samples), target]
    return Fused(torch.zeros(samples, 0, HIDDEN), pooled), candidates, target


@given(st.permutations(range(5)), st.integers(0, 100))
@settings(max_examples=20)
def test_the_order_of_the_candidates_does_not_matter(order: list[int], seed: int) -> None:
    head = ChoiceHead(HIDDEN, TEXT)
    fused, candidates, _ = questions(3, 5, seed)
    there = torch.tensor([[True, True, False, True, True]] * 3)
    found = head(fused, candidates[:, order], there[:, order])
    expected = head(fused, candidates, there)[:, order]
    torch.testing.assert_close(found, expected)


def test_candidates_that_are_not_there_get_nothing_and_the_others_sum_to_one() -> None:
    head = ChoiceHead(HIDDEN, TEXT)
    fused, candidates, _ = questions(2, 4, 0)
    there = torch.tensor([[True, False, True, False], [True] * 4])
    found = head(fused, candidates, there)
    assert (found[~there] == LOG_ZERO).all()
    torch.testing.assert_close(found.exp().sum(1), torch.ones(2))
    alone = head(fused, candidates[:, [0, 2]])[0]
    torch.testing.assert_close(found[0, [0, 2]], alone)


def test_it_chooses_candidates_that_training_has_not_seen() -> None:
    torch.manual_seed(0)
    head = ChoiceHead(32, TEXT)

    def wide(fused: Fused) -> Fused:
        return Fused(fused.tokens, torch.nn.functional.pad(fused.pooled, (0, 32 - HIDDEN)))

    fused, candidates, target = questions(256, 4, 1)
    optimiser = torch.optim.Adam(head.parameters(), 0.01)
    for _ in range(100):
        optimiser.zero_grad()
        head.loss(head(wide(fused), candidates), target).backward()
        optimiser.step()
    fused, candidates, target = questions(200, 4, 2)
    right = head(wide(fused), candidates).argmax(1) == target
    assert right.float().mean() > 0.7  # chance is 0.25

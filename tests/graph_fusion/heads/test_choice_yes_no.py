"""graph_fusion/heads/yes_no: finds the one token that a yes hangs on."""

from __future__ import annotations

import torch
from torch import Tensor

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.choice import YesNoHead
from graph_fusion.heads.graph import NO, UNKNOWN, YES

HIDDEN = 16


def is_there_one(samples: int, tokens: int, seed: int) -> tuple[Fused, Masks, Tensor, Tensor]:
    """Return scenes whose tokens each say yes (first feature 3), no (-3) or unknown (0).

    The second feature marks the one that is right. The mean of the tokens and the pooled
    vector say nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    h = torch.randn(samples, tokens, HIDDEN, generator=generator)
    target = torch.randint(0, 3, (samples,), generator=generator)
    place = torch.randint(0, tokens, (samples,), generator=generator)
    said = torch.randint(0, 3, (samples, tokens), generator=generator)
    said[torch.arange(samples), place] = target
    h[:, :, 0] = torch.tensor([3.0, -3.0, 0.0])[said]
    h[:, :, 1] = 0.0
    h[torch.arange(samples), place, 1] = 3.0
    masks = Masks(torch.ones(samples, tokens).bool(), torch.zeros(samples, 0).bool())
    return Fused(h, torch.ones(samples, HIDDEN)), masks, target, place


def test_it_learns_to_look_at_the_token_that_decides() -> None:
    torch.manual_seed(0)
    head = YesNoHead(HIDDEN)
    fused, masks, target, _ = is_there_one(256, 6, seed=0)
    optimiser = torch.optim.Adam(head.parameters(), 0.01)
    for _ in range(150):
        optimiser.zero_grad()
        head.loss(head(fused, masks), target).backward()
        optimiser.step()
    fused, masks, target, place = is_there_one(200, 6, seed=1)
    verdict = head(fused, masks)
    assert (verdict.log_probabilities.argmax(1) == target).float().mean() > 0.9
    assert (verdict.attention.argmax(1) == place).float().mean() > 0.6  # chance is 1/6
    assert {YES, NO, UNKNOWN} == set(target.tolist())


def test_attention_and_probabilities_sum_to_one_over_what_is_there() -> None:
    head = YesNoHead(HIDDEN)
    fused, masks, _, _ = is_there_one(3, 5, seed=2)
    there = torch.tensor([[True, False, True, False, False]] * 2 + [[False] * 5])
    verdict = head(fused, Masks(there, masks.text))
    torch.testing.assert_close(verdict.attention.sum(1), torch.tensor([1.0, 1.0, 0.0]))
    assert not verdict.attention[~there].any()
    torch.testing.assert_close(verdict.log_probabilities.exp().sum(1), torch.ones(3))

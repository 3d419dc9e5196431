"""graph_fusion/heads/count: an exact distribution; learns what to count from numbers alone."""

from __future__ import annotations

from itertools import product
from math import log, prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.base import LOG_ZERO
from graph_fusion.heads.choice import CountHead, poisson_binomial

HIDDEN = 8
chances = st.lists(st.floats(0.01, 0.99), max_size=7)


@given(chances, st.integers(0, 8))
@settings(max_examples=40)
def test_the_distribution_equals_that_of_all_combinations(p: list[float], most: int) -> None:
    expected = [0.0] * (most + 2)
    for happens in product([False, True], repeat=len(p)):
        chance = prod(x if yes else 1 - x for x, yes in zip(p, happens, strict=True))
        expected[min(sum(happens), most + 1)] += chance
    x = torch.tensor([p], dtype=torch.float64)
    found = poisson_binomial(x.log(), (1 - x).log(), most)[0].exp()
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64))


def test_many_unsure_tokens_underflow_nowhere() -> None:
    half = torch.full((1, 500), log(0.5), requires_grad=True)
    numbers = poisson_binomial(half, half, 20)
    assert numbers[0, 0].item() == pytest.approx(500 * log(0.5), rel=1e-4)
    numbers[0, 3].backward()
    assert half.grad is not None
    assert half.grad.isfinite().all()
    assert half.grad.abs().min() > 0


def test_events_that_are_sure_are_counted_exactly() -> None:
    inside = torch.tensor([[0.0, LOG_ZERO, 0.0, LOG_ZERO]])
    outside = torch.tensor([[LOG_ZERO, 0.0, LOG_ZERO, 0.0]])
    found = poisson_binomial(inside, outside, 3)[0].exp()
    assert torch.equal(found, torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0]))


def marked_tokens(samples: int, tokens: int, most: int, seed: int) -> tuple[Fused, Masks, Tensor]:
    """Return tokens of which 0..`most` are of the kind asked for: first feature 1, else -1."""
    generator = torch.Generator().manual_seed(seed)
    h = torch.randn(samples, tokens, HIDDEN, generator=generator)
    number = torch.randint(0, most + 1, (samples,), generator=generator)
    place = torch.rand(samples, tokens, generator=generator).argsort(1)
    marked = place < number.unsqueeze(1)
    h[:, :, 0] = marked.float() * 2 - 1
    masks = Masks(torch.ones(samples, tokens).bool(), torch.zeros(samples, 0).bool())
    return Fused(h, h.mean(1)), masks, number


def test_it_learns_to_count_without_token_labels_and_counts_further_than_it_has_seen() -> None:
    torch.manual_seed(0)
    head = CountHead(HIDDEN)
    fused, masks, number = marked_tokens(64, 6, 4, seed=1)
    optimiser = torch.optim.Adam(head.parameters(), 0.02)
    for _ in range(120):
        optimiser.zero_grad()
        head.loss(head(fused, masks), number).backward()
        optimiser.step()
    fused, masks, number = marked_tokens(100, 15, 15, seed=2)
    counted = head(fused, masks)
    assert (counted.numbers.argmax(1) == number).float().mean() > 0.9
    assert (counted.expected - number).abs().mean() < 0.3
    only_one_answer = (number == 9).float().mean()
    assert only_one_answer < 0.2  # no constant could have passed


def test_token_labels_teach_which_tokens_are_counted() -> None:
    torch.manual_seed(0)
    head = CountHead(HIDDEN)
    fused, masks, number = marked_tokens(16, 6, 4, seed=1)
    labels = (fused.tokens[:, :, 0] > 0).long()
    labels[:, 0] = -1
    unasked = torch.full_like(number, -1)
    before = head.loss(head(fused, masks), unasked, labels)
    optimiser = torch.optim.Adam(head.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        head.loss(head(fused, masks), unasked, labels).backward()
        optimiser.step()
    assert head.loss(head(fused, masks), unasked, labels) < 0.2 * before
    inside = head(fused, masks).inside.exp()
    assert (((inside > 0.5) == (fused.tokens[:, :, 0] > 0)).float().mean()) > 0.95


def test_only_countable_tokens_are_counted_and_the_target_is_at_most_their_number() -> None:
    head = CountHead(HIDDEN)
    fused, masks, _ = marked_tokens(2, 5, 5, seed=3)
    countable = torch.tensor([[True, True, False, False, False], [False] * 5])
    counted = head(fused, masks, countable)
    assert not counted.inside[~countable].exp().any()
    torch.testing.assert_close(counted.numbers.exp().sum(1), torch.ones(2))
    assert not counted.numbers[0, 3:].exp().any()
    assert counted.numbers[1, 0] == 0
    loss = head.loss(counted, torch.tensor([4, 3]))
    torch.testing.assert_close(loss, -counted.inside[0, :2].sum() / 2)


def test_the_expected_number_is_the_mean_of_the_distribution() -> None:
    head = CountHead(HIDDEN)
    fused, masks, _ = marked_tokens(3, 7, 5, seed=4)
    counted = head(fused, masks)
    mean = counted.numbers.exp() @ torch.arange(22.0)
    torch.testing.assert_close(counted.expected, mean)

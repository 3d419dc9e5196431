"""graph_fusion/heads/base: predictions from parts, scorers."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.base import (
    LARGEST_SCALE,
    LOG_ZERO,
    ItemScorer,
    Likeness,
    masked_log_softmax,
    mlp,
    predict,
)
from kg.errors import SightGraphError


def test_predictions_of_parts_are_mixed_as_probabilities_by_their_shares() -> None:
    logits = torch.tensor([[[2.0, 0.0], [-1.0, 3.0]]])
    fused = Fused(torch.zeros(1, 0, 2), torch.zeros(1, 2), {}, logits, torch.tensor([[1.0, 3.0]]))
    expected = 0.25 * logits[0, 0].softmax(0) + 0.75 * logits[0, 1].softmax(0)
    torch.testing.assert_close(predict(lambda part: part, fused)[0].exp(), expected)


def test_without_parts_the_pooled_vector_predicts() -> None:
    fused = Fused(torch.zeros(3, 0, 4), torch.randn(3, 4))
    head = mlp(4, 8, 5)
    torch.testing.assert_close(predict(head, fused), head(fused.pooled).log_softmax(1))


def test_parts_without_shares_are_refused() -> None:
    fused = Fused(torch.zeros(1, 0, 4), torch.zeros(1, 4), {}, torch.zeros(1, 2, 4))
    with pytest.raises(SightGraphError, match="shares"):
        predict(mlp(4, 4, 2), fused)


@given(
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=3),
    st.floats(-500, 500),
)
@settings(max_examples=30)
def test_masked_log_softmax_sums_to_one_over_what_is_there(
    there: list[list[bool]], big: float
) -> None:
    mask = torch.tensor(there)
    logits = torch.tensor([0.3, big, -1.0, 2.0]).expand(len(there), 4).clone().requires_grad_()
    logs = masked_log_softmax(logits, mask)
    torch.testing.assert_close(logs.exp().sum(1), mask.any(1).float())
    assert (logs[~mask] == LOG_ZERO).all()
    logs[mask].sum().backward()
    assert logits.grad is None or logits.grad.isfinite().all()


def test_an_item_scorer_equals_its_formula() -> None:
    scorer = ItemScorer(3, 5)
    items, asked = torch.randn(2, 4, 5), torch.randn(2, 6, 3)
    found = scorer(items, asked)
    assert found.shape == (2, 6, 4)
    x, q = items[1, 2], asked[1, 5]
    match = scorer.match_asked(q) * scorer.match_item(x)
    expected = scorer.out(torch.relu(scorer.item(x) + scorer.asked(q) + match))
    torch.testing.assert_close(found[1, 5, 2], expected[0])


def test_likeness_is_bounded_by_its_scale_and_the_scale_by_its_limit() -> None:
    likeness = Likeness(4, 3, 8)
    with torch.no_grad():
        likeness.log_scale.fill_(50.0)
    scores = likeness(100 * torch.randn(6, 4), torch.randn(5, 3))
    assert scores.shape == (6, 5)
    assert scores.abs().max() <= LARGEST_SCALE * (1 + 1e-5)
    with torch.no_grad():
        likeness.log_scale.zero_()
    q, k = likeness.query(torch.ones(1, 4)), likeness.key(torch.ones(1, 3))
    cosine = (q @ k.T) / (q.norm() * k.norm())
    torch.testing.assert_close(likeness(torch.ones(1, 4), torch.ones(1, 3)), cosine)

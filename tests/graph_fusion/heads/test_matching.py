"""graph_fusion/heads/matching: contrastive loss and recall."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.matching import MatchingHead, recall_at
from kg.errors import SightGraphError

HIDDEN = 8


def pooled(vectors: Tensor) -> Fused:
    return Fused(vectors.new_zeros(len(vectors), 0, HIDDEN), vectors)


def test_the_loss_equals_symmetrical_cross_entropy_on_the_diagonal() -> None:
    head = MatchingHead(HIDDEN)
    scores = torch.randn(5, 5)
    number = torch.arange(5)
    expected = (F.cross_entropy(scores, number) + F.cross_entropy(scores.T, number)) / 2
    torch.testing.assert_close(head.loss(scores), expected)


def test_several_captions_of_a_photograph_are_all_right() -> None:
    head = MatchingHead(HIDDEN)
    together = torch.eye(3).repeat_interleave(2, dim=1).bool()
    right = head.loss(50.0 * together.float(), together)
    one_missing = 50.0 * together.float()
    one_missing[0, 1] = 0.0
    assert right == pytest.approx(torch.log(torch.tensor(2.0)).item() / 2)
    assert head.loss(one_missing, together) > right + 1


def test_two_towers_learn_to_find_texts_of_new_photographs() -> None:
    torch.manual_seed(0)
    head = MatchingHead(HIDDEN)
    turn = torch.linalg.qr(torch.randn(HIDDEN, HIDDEN)).Q
    optimiser = torch.optim.Adam(head.parameters(), 0.02)
    for _ in range(150):
        seen = torch.randn(32, HIDDEN)
        optimiser.zero_grad()
        head.loss(head(pooled(seen), pooled(seen @ turn))).backward()
        optimiser.step()
    seen = torch.randn(50, HIDDEN)
    scores = head(pooled(seen), pooled(seen @ turn))
    together = torch.eye(50).bool()
    assert recall_at(scores, together, 1) > 0.9
    assert recall_at(scores.T, together, 1) > 0.9


def test_fused_pairs_are_scored_in_the_order_of_their_photographs() -> None:
    torch.manual_seed(0)
    head = MatchingHead(HIDDEN)
    vectors = torch.randn(6, HIDDEN)
    scores = head.pairs(pooled(vectors), 2)
    assert scores.shape == (2, 3)
    torch.testing.assert_close(scores[1, 2], head.pair(vectors[5])[0])
    with pytest.raises(SightGraphError, match="6 pairs cannot be of 4"):
        head.pairs(pooled(vectors), 4)


def test_scores_of_a_pair_do_not_depend_on_the_others() -> None:
    head = MatchingHead(HIDDEN)
    images, texts = torch.randn(4, HIDDEN), torch.randn(3, HIDDEN)
    every = head(pooled(images), pooled(texts))
    torch.testing.assert_close(every[2:3, 1:2], head(pooled(images[2:3]), pooled(texts[1:2])))


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000), st.integers(1, 6))
@settings(max_examples=50, deadline=None)
def test_recall_equals_sorting_by_hand(rows: int, columns: int, seed: int, k: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(rows, columns, generator=generator)
    together = torch.rand(rows, columns, generator=generator) < 0.4
    together[0, 0] = True
    hits = [
        any(right[column] for column in sorted(range(columns), key=lambda c: -row[c])[:k])
        for row, right in zip(scores.tolist(), together.tolist(), strict=True)
        if any(right)
    ]
    assert recall_at(scores, together, k) == pytest.approx(sum(hits) / len(hits))


def test_a_model_that_scores_all_alike_gets_no_credit() -> None:
    assert recall_at(torch.zeros(4, 4), torch.eye(4).bool(), 3) == 0.0
    assert recall_at(torch.zeros(4, 4), torch.eye(4).bool(), 4) == 1.0


@pytest.mark.parametrize("broken", ["nan", "nothing"])
def test_recall_of_what_cannot_be_ranked_is_refused(broken: str) -> None:
    scores = torch.full((2, 2), float("nan")) if broken == "nan" else torch.zeros(2, 2)
    with pytest.raises(SightGraphError):
        recall_at(scores, torch.full((2, 2), broken == "nan"), 1)

"""graph_fusion/heads/matching: contrastive loss, towers and pairs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.choice import MatchingHead
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
    for one in (scores, scores.T):
        assert (one.argmax(dim=1) == torch.arange(50)).float().mean() > 0.9


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

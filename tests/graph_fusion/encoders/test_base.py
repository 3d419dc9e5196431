"""graph_fusion/encoders/base.py: padding never counts."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_fusion.encoders.base import Tokens, pad
from kg.errors import SightGraphError


@settings(max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(1, 3))
def test_padding_changes_neither_the_mean_nor_the_last_token(counts: list[int], dim: int) -> None:
    rows = [torch.randn(count, dim) for count in counts]
    tokens = pad(rows)
    assert tokens.mask.sum(1).tolist() == counts
    assert tokens.values.shape[1] == max(1, *counts, 0)
    for row, mean, last in zip(rows, tokens.pooled(), tokens.last(), strict=True):
        nothing = torch.zeros(dim)
        torch.testing.assert_close(mean, row.mean(0) if len(row) else nothing)
        torch.testing.assert_close(last, row[-1] if len(row) else nothing)


def test_mean_leaves_out_what_is_masked_though_it_is_not_zero() -> None:
    tokens = Tokens(torch.tensor([[[1.0], [5.0], [3.0]]]), torch.tensor([[True, False, True]]))
    assert tokens.pooled().item() == 2
    assert tokens.last().item() == 3


def test_centres_are_the_middles_of_the_boxes() -> None:
    tokens = pad([torch.zeros(1, 2)], [torch.tensor([[10.0, 20, 30, 60]])])
    assert tokens.centres.tolist() == [[[20, 40]]]
    with pytest.raises(SightGraphError, match="no boxes"):
        _ = pad([torch.zeros(1, 2)]).centres


def test_mask_that_does_not_fit_is_refused() -> None:
    with pytest.raises(SightGraphError, match="do not fit"):
        Tokens(torch.zeros(2, 3, 4), torch.ones(2, 4, dtype=torch.bool))
    with pytest.raises(SightGraphError, match="bool"):
        Tokens(torch.zeros(2, 3, 4), torch.ones(2, 3))

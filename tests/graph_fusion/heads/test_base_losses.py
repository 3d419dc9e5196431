"""graph_fusion/heads/losses: against values computed by hand."""

from __future__ import annotations

from math import exp, expm1, log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from graph_fusion.heads.base import (
    class_loss,
    log_one_minus,
    soft_binary,
    soft_cross_entropy,
)

LOGS = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6]]).log()


def test_soft_cross_entropy_equals_the_value_by_hand_and_leaves_out_what_has_no_target() -> None:
    targets = torch.tensor([[1.0, 0.6, 0.0], [0.0, 0.0, 0.3], [0.0, 0.0, 0.0]])
    first = -(1 / 1.6) * log(0.5) - (0.6 / 1.6) * log(0.3)
    assert soft_cross_entropy(LOGS, targets).item() == pytest.approx((first - log(0.8)) / 2)


def test_soft_binary_equals_the_value_by_hand_and_leaves_out_what_has_no_target() -> None:
    targets = torch.tensor([[1.0, 0.6, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    expected = -log(0.5) - 0.6 * log(0.3) - 0.4 * log(0.7) - log(0.8)
    assert soft_binary(LOGS, targets).item() == pytest.approx(expected)


def test_soft_binary_equals_torchs_binary_cross_entropy() -> None:
    logits = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
    targets = torch.rand(5, 7, generator=torch.Generator().manual_seed(1))
    expected = F.binary_cross_entropy_with_logits(logits, targets, reduction="sum") / 5
    torch.testing.assert_close(soft_binary(F.logsigmoid(logits), targets), expected)


def test_class_loss_is_torchs_cross_entropy_that_ignores_minus_one() -> None:
    logits, target = torch.randn(4, 3), torch.tensor([2, -1, 0, 1])
    expected = F.cross_entropy(logits, target, ignore_index=-1)
    torch.testing.assert_close(class_loss(logits.log_softmax(1), target), expected)


@given(st.floats(-80, -1e-4))
@settings(max_examples=60)
def test_log_one_minus_keeps_double_precision_accuracy_in_single(x: float) -> None:
    single = torch.tensor(x, requires_grad=True)
    found = log_one_minus(single)
    exact = torch.log1p(-torch.exp(single.detach().double()))
    assert found.item() == pytest.approx(exact.item(), rel=1e-4, abs=1e-30)
    found.backward()
    assert single.grad is not None
    assert single.grad.item() == pytest.approx(exp(x) / expm1(x), rel=1e-3)


@pytest.mark.parametrize("x", [0.0, 1e-7, -1e-9, -1e4])
def test_log_one_minus_is_finite_at_the_ends(x: float) -> None:
    value = torch.tensor(x, requires_grad=True)
    log_one_minus(value).backward()
    assert log_one_minus(value).isfinite()
    assert value.grad is not None
    assert value.grad.isfinite()

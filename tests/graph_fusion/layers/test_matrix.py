"""graph_fusion/layers/matrix: products with packed and dense matrices, and their gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from graph_fusion.layers import Edges


@pytest.mark.parametrize("path", ["packed", "dense"])
@pytest.mark.parametrize("loops", [False, True])
def test_the_product_and_both_gradients_are_right(
    batch: Callable[..., Edges], path: str, loops: bool
) -> None:
    edges = batch(2, 4, 9, path=path)
    values = torch.randn(9 + 8 * loops, dtype=torch.float64, requires_grad=True)
    h = torch.randn(8, 3, dtype=torch.float64, requires_grad=True)
    matrix = edges.matrix(values, loops)
    torch.testing.assert_close(matrix @ h, matrix.dense() @ h)
    assert torch.autograd.gradcheck(lambda v, x: edges.matrix(v, loops) @ x, (values, h))


def test_features_that_do_not_lie_row_after_row_are_taken(batch: Callable[..., Edges]) -> None:
    adjacency = batch().adjacency
    h = torch.randn(6, 15, requires_grad=True)
    product = adjacency @ h.T
    torch.testing.assert_close(product, adjacency.dense() @ h.T)
    (grad,) = torch.autograd.grad(product.T, h, torch.ones(6, 15).T.contiguous().T)
    torch.testing.assert_close(grad, (adjacency.dense().T @ torch.ones(15, 6)).T)


@pytest.mark.parametrize("path", ["packed", "dense"])
def test_half_precision_features_give_half_precision(
    batch: Callable[..., Edges], path: str
) -> None:
    adjacency = batch(path=path).adjacency
    h = torch.randn(15, 6)
    found = adjacency @ h.bfloat16()
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), adjacency.dense() @ h, rtol=0.05, atol=0.05)

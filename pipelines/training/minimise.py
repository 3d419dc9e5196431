"""Small models without batches are fitted to their minimum by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


def minimise(
    loss: Callable[[], Tensor], parameters: Sequence[Tensor], steps: int, line_search: bool = True
) -> None:
    """Change the parameters, which `loss` reads, to a minimum of the loss; no gradient stays on.

    steps: at most so many. line_search: for the strong Wolfe conditions; without it, steps are of
    length 1.
    """
    for one in parameters:
        one.requires_grad_()
    search = "strong_wolfe" if line_search else None
    optimiser = torch.optim.LBFGS(list(parameters), max_iter=steps, line_search_fn=search)

    def step() -> Tensor:
        optimiser.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(step)  # type: ignore[no-untyped-call]
    for one in parameters:
        one.requires_grad_(False)


def logistic_regression(
    features: np.ndarray, targets: np.ndarray, shrinkage: float, steps: int = 200
) -> list[float]:
    """Return the coefficients of σ(features @ coefficients), rounded to four places.

    shrinkage: weight of the squared coefficients but the last, whose feature is constant.

    Shapes:
        features [N, F]; targets [N], 0 or 1
    """
    inputs, outputs = torch.from_numpy(features), torch.from_numpy(targets.astype(float))
    coefficients = torch.zeros(features.shape[1], dtype=torch.double)

    def loss() -> Tensor:
        entropy = F.binary_cross_entropy_with_logits(inputs @ coefficients, outputs)
        return entropy + shrinkage * coefficients[:-1].square().sum()

    minimise(loss, [coefficients], steps)
    return [round(float(one), 4) for one in coefficients]

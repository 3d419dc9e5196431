"""graph_fusion/tag_model.py: presence by a noisy-OR, learned without being told where."""

from __future__ import annotations

import torch
from torch import Tensor

from graph_fusion.tag_model import TagNetwork, log_absence, presence_loss


def test_a_concept_is_absent_where_every_cell_lacks_it() -> None:
    logits = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    product = (1 - logits.sigmoid()).prod(1)
    torch.testing.assert_close(log_absence(logits).exp(), product)


def test_the_loss_is_the_cross_entropy_of_presence() -> None:
    logits = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(1))
    present = 1 - (1 - logits.sigmoid()).prod(1)
    targets = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]])
    expected = -(targets * present.log() + (1 - targets) * (1 - present).log()).sum(1).mean()
    torch.testing.assert_close(presence_loss(logits, targets), expected)


def test_the_loss_stays_finite_where_the_network_is_certain() -> None:
    for certain in (-200.0, 200.0):
        logits = torch.full((1, 4, 2), certain, requires_grad=True)
        loss = presence_loss(logits, torch.tensor([[1.0, 0.0]]))
        loss.backward()  # type: ignore[no-untyped-call]
        assert loss.isfinite()
        assert logits.grad is not None
        assert logits.grad.isfinite().all()


def grids(count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Grids of 6 cells, in one of which each concept that is present shows by its own feature."""
    random = torch.Generator().manual_seed(seed)
    grid = 0.3 * torch.randn(count, 6, 8, generator=random)
    present = torch.rand(count, 2, generator=random) < 0.5
    cells = torch.randint(0, 6, (count, 2), generator=random)
    for concept in range(2):
        rows = present[:, concept].nonzero()[:, 0]
        grid[rows, cells[rows, concept], concept] += 2.0
    return grid, present.float(), cells


def test_the_place_is_found_although_only_presence_was_taught() -> None:
    torch.manual_seed(0)
    grid, present, _ = grids(256, 1)
    network = TagNetwork(8, 2, hidden=16, dropout=0.0)
    optimiser = torch.optim.AdamW(network.parameters(), 0.02)
    for _ in range(150):
        optimiser.zero_grad()
        loss = presence_loss(network(grid), present)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    new, there, cells = grids(64, 2)
    logits = network(new)
    assert ((1 - log_absence(logits).exp() > 0.5) == there.bool()).float().mean() > 0.95
    right = logits.argmax(1) == cells
    assert right[there.bool()].float().mean() > 0.95

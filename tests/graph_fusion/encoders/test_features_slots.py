"""graph_fusion/encoders/features.py: a picture as a few tokens, each with its place."""

from __future__ import annotations

import torch

from graph_fusion.encoders.features import SlotEncoder, grid

SIDE, SLOTS, HIDDEN = 24, 3, 8


def encoder() -> SlotEncoder:
    torch.manual_seed(0)
    return SlotEncoder(SLOTS, HIDDEN, channels=4)


def pictures(amount: int = 5) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.rand(amount, 3, SIDE, SIDE)


def test_shapes_are_those_of_the_docstring() -> None:
    tokens, centres, attention = encoder()(pictures())
    assert tokens.shape == (5, SLOTS, HIDDEN)
    assert centres.shape == (5, SLOTS, 2)
    assert attention.shape == (5, SLOTS, (SIDE // 4) ** 2)


def test_centres_are_the_mean_place_of_what_is_attended_to() -> None:
    _, centres, attention = encoder()(pictures())
    torch.testing.assert_close(attention.sum(2), torch.ones(5, SLOTS))
    cells = SIDE // 4
    where = attention.view(5, SLOTS, cells, cells)
    middle = torch.linspace(-1 + 1 / cells, 1 - 1 / cells, cells)
    torch.testing.assert_close(centres[..., 0], (where.sum(2) * middle).sum(2))
    torch.testing.assert_close(centres[..., 1], (where.sum(3) * middle).sum(2))


def test_the_grid_runs_right_then_down() -> None:
    found = grid(2, 4)
    assert found[:, 0].tolist() == [-0.75, -0.25, 0.25, 0.75] * 2
    assert found[:, 1].tolist() == [-0.5] * 4 + [0.5] * 4


def test_pictures_of_a_batch_do_not_touch_each_other_when_measured() -> None:
    model, batch = encoder(), pictures()
    model(batch)  # so that the running means are not the first ones
    model.eval()
    for whole, alone in zip(model(batch), model(batch[2:3]), strict=True):
        torch.testing.assert_close(whole[2:3], alone)


def test_a_slot_learns_to_find_a_spot_from_its_centre_alone() -> None:
    """The centre is a differentiable place: trained on it, it finds red spots never seen."""
    torch.manual_seed(0)
    model = SlotEncoder(1, HIDDEN, channels=8)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)

    def spots(amount: int) -> tuple[torch.Tensor, torch.Tensor]:
        images, places = torch.ones(amount, 3, SIDE, SIDE), torch.randint(3, SIDE - 3, (amount, 2))
        for image, (x, y) in zip(images, places.tolist(), strict=True):
            image[1:, y - 3 : y + 4, x - 3 : x + 4] = 0
        return images, (places + 0.5) / SIDE * 2 - 1

    for _ in range(60):
        images, wanted = spots(16)
        loss = (model(images)[1][:, 0] - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    images, wanted = spots(64)
    model.eval()
    error = (model(images)[1][:, 0] - wanted).abs().mean()
    assert error < 0.15  # of 2; a guess at the middle is 0.37 off

"""graph_fusion/layout_model: units, likelihoods, and that relations decide where things lie."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from graph_fusion.layout_model import (
    LayoutConfig,
    LayoutGraph,
    LayoutModel,
    Mixture,
    as_shares,
    in_units,
    layout_batch,
)
from graph_fusion.training import save_model
from graph_fusion.weights import shrunk
from kg.errors import SightGraphError

TEXTS = torch.nn.functional.normalize(torch.randn(5, 8, generator=torch.manual_seed(0)), dim=1)
DOG, CAT, LEFT, RIGHT, ANIMAL = range(5)


def small(components: int = 2) -> LayoutModel:
    torch.manual_seed(0)
    return LayoutModel(LayoutConfig(8, hidden=16, layers=2, components=components, dropout=0.0))


def pair(relation: int) -> LayoutGraph:
    """A dog that has a relation to a cat; both are animals."""
    return LayoutGraph(
        text=(DOG, CAT, ANIMAL),
        size=(0.0, 0.0, 0.0),
        things=2,
        senders=(0, 0, 1),
        receivers=(1, 2, 2),
        relation=(relation, ANIMAL, ANIMAL),
        aspect=0.3,
    )


def test_units_and_shares_are_inverse() -> None:
    boxes = torch.tensor([[0.1, 0.2, 0.5, 0.9], [0.0, 0.0, 1.0, 1.0]])
    assert torch.allclose(as_shares(in_units(boxes)), boxes, atol=1e-6)


def test_the_likelihood_is_that_of_torch() -> None:
    mixture = Mixture(torch.randn(3, 2), torch.randn(3, 2, 4), torch.randn(3, 2, 4) / 3)
    boxes = torch.randn(3, 4)
    normal = torch.distributions.Normal(mixture.mean, mixture.log_scale.exp())
    torch_mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(logits=mixture.logits),
        torch.distributions.Independent(normal, 1),
    )
    assert torch.allclose(mixture.log_likelihood(boxes), torch_mixture.log_prob(boxes), atol=1e-5)


def test_a_placed_box_and_a_relation_decide_where_the_other_thing_is(tmp_path: Path) -> None:
    model = small(components=1)
    middle, left, right = (torch.tensor([[x - 0.1, 0.4, x + 0.1, 0.6]]) for x in (0.5, 0.2, 0.8))
    boxes = [in_units(torch.cat([one, middle])) for one in (left, right)]
    placed = [torch.tensor([False, True])] * 2
    batch = layout_batch([pair(LEFT), pair(RIGHT)], TEXTS, boxes, placed)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        optimiser.zero_grad()
        where = model(batch).mean[:, 0, 0]
        torch.nn.functional.mse_loss(where[batch.target], batch.boxes[batch.target, 0]).backward()
        optimiser.step()
    save_model(tmp_path, shrunk(model.state_dict()), model.as_json())
    found = LayoutModel.load(tmp_path)(batch)
    places = as_shares(found.mean[:, 0])
    centres = (places[:, 0] + places[:, 2]) / 2
    assert centres[0] < 0.35 < 0.65 < centres[3]


def test_a_graph_without_edges_has_a_likelihood() -> None:
    alone = LayoutGraph((DOG,), (0.0,), 1, (), (), (), 0.0)
    batch = layout_batch([alone], TEXTS, [torch.zeros(1, 4)], [torch.tensor([False])])
    assert math.isfinite(float(small().loss(batch).detach()))


def test_graphs_of_a_batch_do_not_mix() -> None:
    model = small().eval()
    boxes, placed = torch.zeros(2, 4), torch.tensor([False, True])
    alone = model(layout_batch([pair(LEFT)], TEXTS, [boxes], [placed]))
    both = model(
        layout_batch([pair(RIGHT), pair(LEFT)], TEXTS, [boxes + 1, boxes], [placed, placed])
    )
    assert torch.allclose(alone.mean, both.mean[3:], atol=1e-5)


def test_another_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(SightGraphError, match="train layout"):
        LayoutModel.load(tmp_path)

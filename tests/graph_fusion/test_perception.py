"""graph_fusion/perception.py: relations between two objects."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from graph_fusion.perception import GEOMETRY, RelationNetwork, pair_geometry

numbers = st.floats(0, 200)


@st.composite
def boxes(draw: st.DrawFn) -> torch.Tensor:
    x, y = draw(numbers), draw(numbers)
    return torch.tensor([[x, y, x + 1 + draw(numbers), y + 1 + draw(numbers)]])


@given(boxes(), boxes(), st.floats(0.1, 8))
def test_scaling_photograph_and_boxes_alike_changes_nothing(
    first: torch.Tensor, second: torch.Tensor, scale: float
) -> None:
    here = pair_geometry(first, second, 500, 400)
    scaled = pair_geometry(scale * first, scale * second, scale * 500, scale * 400)
    assert here.shape == (1, GEOMETRY)
    torch.testing.assert_close(here, scaled, atol=1e-3, rtol=1e-3)


def test_predicates_are_scored_one_by_one() -> None:
    torch.manual_seed(0)
    network = RelationNetwork(features=8, hidden=16).eval()
    subjects, objects, predicates = torch.rand(3, 8), torch.rand(3, 8), torch.rand(5, 8)
    geometry = torch.rand(3, GEOMETRY)
    with torch.inference_mode():
        every = network(subjects, objects, geometry, predicates)
        one = network(subjects, objects, geometry, predicates[2:3])
        words = network(subjects, objects, None, predicates)
    assert every.predicates.shape == (3, 5)
    assert every.related.shape == (3,)
    torch.testing.assert_close(every.predicates[:, 2:3], one.predicates)
    assert not torch.allclose(every.predicates, words.predicates)

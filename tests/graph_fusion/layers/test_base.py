"""graph_fusion/layers/base.py: edges opened and closed by the question."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.layers.base import EdgeGate

RELATIONS, RELATION, EDGE, HIDDEN, WIDTH, LAYERS = 4, 6, 3, 8, 5, 2


def gate() -> EdgeGate:
    torch.manual_seed(0)
    return EdgeGate(RELATION, EDGE, HIDDEN, WIDTH, LAYERS)


def messages(edges: int = 10, samples: int = 3) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {
        "question": torch.randn(samples, HIDDEN),
        "sample": torch.randint(samples, (edges,)),
        "relations": torch.randn(RELATIONS, RELATION),
        "relation": torch.randint(RELATIONS, (edges,)),
        "backward": torch.rand(edges) < 0.5,
        "features": torch.randn(edges, EDGE),
    }


def test_logits_are_those_of_each_message_by_itself() -> None:
    """s_e = W relu(scale(r) ⊙ asked(q) + shift(r) + wanted(q) + features(e))."""
    model, given = gate(), messages()
    found = model(**given)
    assert found.shape == (10, LAYERS)
    for edge in range(10):
        way = model.backward_relation if given["backward"][edge] else model.forward_relation
        scale, shift = way(given["relations"][given["relation"][edge]]).split(WIDTH)
        asked, wanted = model.question(given["question"][given["sample"][edge]]).split(WIDTH)
        inner = scale * asked + shift + wanted + model.features(given["features"][edge])
        torch.testing.assert_close(found[edge], model.out(F.relu(inner)))


def test_a_message_knows_only_its_own_sample_s_question() -> None:
    model, given = gate(), messages()
    other = given | {"question": given["question"].clone()}
    other["question"][0] += 1
    changed = (model(**given) != model(**other)).any(1)
    assert torch.equal(changed, given["sample"] == 0)


def test_a_relation_against_its_edge_is_another() -> None:
    model, given = gate(), messages()
    turned = given | {"backward": ~given["backward"]}
    assert not torch.isclose(model(**given), model(**turned)).all(1).any()


def test_no_messages_have_no_logits() -> None:
    assert gate()(**messages(edges=0)).shape == (0, LAYERS)


def test_learns_to_open_the_relation_that_the_question_asks_for() -> None:
    """Question i opens relation i only: a gate without their product could not."""
    model = gate()
    question = torch.eye(RELATIONS, HIDDEN)
    relations = torch.eye(RELATIONS, RELATION)
    sample, relation = torch.cartesian_prod(torch.arange(RELATIONS), torch.arange(RELATIONS)).T
    given = (question, sample, relations, relation, torch.zeros(16).bool(), torch.zeros(16, EDGE))
    wanted = (sample == relation).float().unsqueeze(1).expand(-1, LAYERS)
    optimizer = torch.optim.Adam(model.parameters(), 0.03)
    for _ in range(150):
        loss = F.binary_cross_entropy_with_logits(model(*given), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.equal(model(*given) > 0, wanted.bool())

"""graph_fusion/fusion_model.py: front, fusion and head, under controls and without modalities."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from graph_fusion.fusion import FUSIONS, Fused, FusionConfig, Masks, TokenGraph
from graph_fusion.fusion.base import cover
from graph_fusion.fusion_model import CONTROLS, FusionModel, Inputs
from kg.errors import SightGraphError

SIZES = FusionConfig(hidden=8, layers=2, heads=2, dropout=0.0, relation_features=4, edge_features=2)
IMAGE, TEXT = 4, 2
LIGHT = sorted(set(FUSIONS) - {"image_tokens", "language", "language_graph"})
"""All that need no language model."""


class AsGiven(nn.Module):
    """A front for batches that are `Inputs` already."""

    def forward(self, batch: Inputs) -> Inputs:
        return batch


class Pooled(nn.Module):
    """A head without weights: what was fused."""

    def forward(self, fused: Fused, inputs: Inputs) -> Tensor:
        return fused.pooled


def inputs(samples: int = 3) -> Inputs:
    """The first sample has all its tokens, the others lack one; each is a ring, there and back."""
    torch.manual_seed(1)
    seen = torch.arange(IMAGE) < torch.tensor([[4], [3], [3]])[:samples]
    masks = Masks(seen, torch.ones(samples, TEXT, dtype=torch.bool))
    length = IMAGE + TEXT
    ends = []
    for sample, there in enumerate(masks.all):
        tokens = (there.nonzero().flatten() + sample * length).tolist()
        ends += list(zip(tokens, tokens[1:] + tokens[:1], strict=True))
    edges = torch.tensor(ends)
    senders, receivers = torch.cat([edges, edges.flip(1)]).T
    graph = TokenGraph(
        senders=senders,
        receivers=receivers,
        weights=torch.ones(len(senders)),
        relation=torch.randint(3, (len(senders),)),
        backward=torch.arange(len(senders)) >= len(edges),
        relations=torch.randn(3, 4),
        features=torch.randn(len(senders), 2),
    )
    return Inputs(torch.randn(samples, IMAGE, 8), torch.randn(samples, TEXT, 8), graph, masks)


def model(fusion: str = "graph_attention", **options: object) -> FusionModel:
    torch.manual_seed(0)
    return FusionModel(AsGiven(), fusion, SIZES, Pooled(), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("fusion", LIGHT)
@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_under_a_control_it_is_the_same_model_fed_the_changed_graph(
    fusion: str, control: str
) -> None:
    batch = inputs()
    torch.manual_seed(5)
    graph, masks = CONTROLS.resolve(control)(batch.graph, batch.masks)
    fed = replace(
        batch,
        image=cover(batch.image, masks.image),
        graph=graph.among(masks.all.flatten()),
        masks=masks,
    )
    plain, controlled = model(fusion).eval(), model(fusion, control=control).eval()
    assert plain.state_dict().keys() == controlled.state_dict().keys()
    torch.manual_seed(5)
    torch.testing.assert_close(controlled(batch), plain(fed))


@pytest.mark.parametrize("control", ["no_edges", "question_only"])
@pytest.mark.parametrize("fusion", LIGHT)
def test_a_control_changes_the_answer_of_those_that_read_what_it_takes(
    fusion: str, control: str
) -> None:
    reads_graph = FUSIONS.make(fusion, config=SIZES).reads_graph
    same = torch.allclose(
        model(fusion).eval()(inputs()), model(fusion, control=control).eval()(inputs())
    )
    assert same == (control == "no_edges" and not reads_graph)


def test_under_question_only_the_image_changes_nothing() -> None:
    batch = inputs()
    blind = model(control="question_only").eval()
    other = replace(batch, image=torch.randn_like(batch.image))
    torch.testing.assert_close(blind(batch), blind(other))
    assert not torch.allclose(model().eval()(batch), model().eval()(other))


def test_the_head_gets_the_tokens_before_they_were_fused() -> None:
    batch = inputs()
    _, given = model().fuse(batch)
    assert torch.equal(given.image, cover(batch.image, batch.masks.image))
    assert torch.equal(given.masks.image, batch.masks.image)


@pytest.mark.parametrize("way", ["control", "without", "only"])
def test_the_head_gets_nothing_of_what_is_masked_out_but_the_candidates(way: str) -> None:
    batch = inputs()
    blind = model(control="question_only" if way == "control" else None)
    blind.without = ("image",) if way == "without" else ()
    _, given = blind.fuse(batch, only="text" if way == "only" else None)
    assert not given.masks.image.any()
    assert not given.image.any()
    assert torch.equal(given.text, batch.text)
    assert given.candidates is not None
    assert torch.equal(given.candidates, batch.masks.image)


def test_padding_and_edges_at_it_change_nothing() -> None:
    batch = inputs()
    image = batch.image.masked_fill(~batch.masks.image.unsqueeze(2), 9.0)
    length = IMAGE + TEXT
    graph = batch.graph
    padded = 2 * length - TEXT - 1  # the second sample's last image token
    stray = replace(
        graph,
        senders=torch.cat([graph.senders, torch.tensor([padded])]),
        receivers=torch.cat([graph.receivers, torch.tensor([length])]),
        weights=torch.cat([graph.weights, torch.ones(1)]),
        relation=torch.cat([graph.relation, torch.zeros(1, dtype=torch.long)]),
        backward=torch.cat([graph.backward, torch.zeros(1, dtype=torch.bool)]),
        features=torch.cat([graph.features, torch.ones(1, 2)]),
    )
    found = model().eval()
    torch.testing.assert_close(found(replace(batch, image=image, graph=stray)), found(batch))


def test_modalities_go_missing_only_in_training() -> None:
    batch = inputs()
    whole, robust = model(), model(missing=1.0)
    torch.testing.assert_close(whole.eval()(batch), robust.eval()(batch))
    assert not torch.allclose(whole.train()(batch), robust.train()(batch))


def test_with_all_samples_lacking_one_each_lacks_image_or_text_but_not_both() -> None:
    batch = inputs()
    without = []
    for take in ("image", "text"):
        masks = replace(batch.masks, **{take: torch.zeros_like(getattr(batch.masks, take))})
        without.append(model().eval()(replace(batch, masks=masks)))
    robust = model(missing=1.0)  # no dropout, no batch norm: training differs in nothing else
    seen = set()
    for seed in range(6):
        torch.manual_seed(seed)
        for sample, found in enumerate(robust.train()(batch)):
            near = [torch.allclose(found, one[sample], atol=1e-5) for one in without]
            assert sum(near) == 1
            seen.add(near.index(True))
    assert seen == {0, 1}


def test_gradients_reach_tokens_of_both_kinds() -> None:
    batch = inputs()
    image, text = batch.image.requires_grad_(), batch.text.requires_grad_()
    model()(batch).square().sum().backward()
    assert image.grad is not None
    assert text.grad is not None
    assert image.grad.abs().sum() > 0
    assert text.grad.abs().sum() > 0
    assert (image.grad[~batch.masks.image] == 0).all()


def test_unknown_names_are_named() -> None:
    with pytest.raises(SightGraphError, match="Did you mean 'graph_attention'"):
        model("graph_atention")
    with pytest.raises(SightGraphError, match="Did you mean 'no_edges'"):
        model(control="no_edge")

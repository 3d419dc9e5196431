"""graph_fusion/controls.py: each takes away what it says, and nothing else."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.fusion import Masks, TokenGraph, no_graph
from graph_fusion.fusion_model import (
    CONTROLS,
    all_ones,
    no_edges,
    question_only,
    random_graph,
    shuffled_edges,
)

NAMES = sorted(CONTROLS)
RELATIONS = 3
Batch = tuple[TokenGraph, Masks]


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Samples that lack some tokens, with edges among the tokens that are there."""
    samples, image, text = draw(st.integers(1, 3)), draw(st.integers(0, 4)), draw(st.integers(1, 3))
    some = st.lists(st.booleans(), min_size=samples * (image + text), max_size=10**3)
    there = torch.tensor(draw(some)[: samples * (image + text)]).view(samples, image + text)
    masks = Masks(there[:, :image], there[:, image:])
    pairs = [
        (int(a) + sample * (image + text), int(b) + sample * (image + text))
        for sample in range(samples)
        for a in there[sample].nonzero()
        for b in there[sample].nonzero()
    ]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=20)) if pairs else []
    torch.manual_seed(draw(st.integers(0, 1000)))
    return graph_of(edges), masks


def graph_of(ends: list[tuple[int, int]]) -> TokenGraph:
    """A graph of those edges, each with weight, relation, direction and features of its own."""
    edges = len(ends)
    both = torch.tensor(ends, dtype=torch.long).view(-1, 2)
    return TokenGraph(
        senders=both[:, 0],
        receivers=both[:, 1],
        weights=torch.rand(edges),
        relation=torch.randint(RELATIONS, (edges,)),
        backward=torch.rand(edges) < 0.5,
        relations=torch.randn(RELATIONS, 4),
        features=torch.randn(edges, 2),
    )


def same_but_for_ends(one: TokenGraph, other: TokenGraph) -> bool:
    names = ("weights", "relation", "backward", "relations", "features")
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in names)


def counted(tokens: Tensor) -> Counter[int]:
    return Counter(tokens.tolist())


def test_the_names_are_those_that_users_type() -> None:
    assert NAMES == ["all_ones", "no_edges", "question_only", "random_graph", "shuffled_edges"]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(batch=batches())
def test_edges_join_only_tokens_of_one_sample_that_are_there(name: str, batch: Batch) -> None:
    graph, masks = CONTROLS.resolve(name)(*batch)
    there, length = masks.all.flatten(), masks.all.shape[1]
    assert there[graph.senders].all()
    assert there[graph.receivers].all()
    assert torch.equal(graph.senders // length, graph.receivers // length)
    fields = (graph.receivers, graph.weights, graph.relation, graph.backward, graph.features)
    assert {len(one) for one in fields} == {len(graph)}
    assert (graph.relation < max(len(graph.relations), 1)).all()
    assert graph.relations.shape[1:] == batch[0].relations.shape[1:]
    assert graph.features.shape[1:] == batch[0].features.shape[1:]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20)
@given(batch=batches())
def test_what_is_given_stays_as_it_was(name: str, batch: Batch) -> None:
    graph, masks = batch
    before = [graph.senders.clone(), graph.receivers.clone(), masks.all.clone()]
    CONTROLS.resolve(name)(graph, masks)
    after = [graph.senders, graph.receivers, masks.all]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("name", [one for one in NAMES if one != "question_only"])
@settings(max_examples=20)
@given(batch=batches())
def test_all_others_keep_the_tokens(name: str, batch: Batch) -> None:
    _, masks = CONTROLS.resolve(name)(*batch)
    assert torch.equal(masks.all, batch[1].all)


@settings(max_examples=30)
@given(batch=batches())
def test_question_only_leaves_text_and_the_edges_within_it(batch: Batch) -> None:
    graph, masks = batch
    left, seen = question_only(graph, masks)
    assert not seen.image.any()
    assert torch.equal(seen.text, masks.text)
    place, images = torch.stack([graph.senders, graph.receivers]), masks.image.shape[1]
    within = ((place % masks.all.shape[1]) >= images).all(0)
    assert torch.equal(left.senders, graph.senders[within])
    assert torch.equal(left.features, graph.features[within])


@settings(max_examples=20)
@given(batch=batches())
def test_no_edges_leaves_none(batch: Batch) -> None:
    assert len(no_edges(*batch)[0]) == 0


@settings(max_examples=30)
@given(batch=batches())
def test_all_ones_joins_every_pair_of_a_sample_once_and_all_alike(batch: Batch) -> None:
    graph, masks = all_ones(*batch)
    length = masks.all.shape[1]
    wanted = {
        (sample * length + int(a), sample * length + int(b))
        for sample, there in enumerate(masks.all)
        for a, b in permutations(there.nonzero().flatten().tolist(), 2)
    }
    found = list(zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True))
    assert len(found) == len(wanted)
    assert set(found) == wanted
    assert (graph.weights == 1).all()
    assert not graph.backward.any()
    assert not graph.features.any()
    assert not graph.relations.any()


@settings(max_examples=60)
@given(batch=batches())
def test_shuffled_edges_renames_image_tokens_within_their_sample(batch: Batch) -> None:
    """One-to-one renaming of nodes is what makes two graphs isomorphic.

    An image token that is the only one of its sample has no other name, and no edges then.
    """
    graph, masks = batch
    several = masks.image.sum(1, keepdim=True) > 1
    shuffled, _ = shuffled_edges(graph, masks)
    graph = graph.among(torch.cat([masks.image & several, masks.text], dim=1).flatten())
    assert same_but_for_ends(graph, shuffled)
    before = torch.cat([graph.senders, graph.receivers]).tolist()
    after = torch.cat([shuffled.senders, shuffled.receivers]).tolist()
    moved = dict(zip(before, after, strict=True))
    assert [moved[token] for token in before] == after
    assert len(set(moved.values())) == len(moved)
    length, images = masks.all.shape[1], masks.image.shape[1]
    for old, new in moved.items():
        assert old // length == new // length
        text = old % length >= images
        assert old == new if text else old != new and new % length < images
    degrees = (counted(graph.senders).values(), counted(shuffled.senders).values())
    assert sorted(degrees[0]) == sorted(degrees[1])


@settings(max_examples=60)
@given(batch=batches())
def test_random_graph_keeps_the_degrees_of_every_token(batch: Batch) -> None:
    graph, masks = batch
    drawn, _ = random_graph(graph, masks)
    assert same_but_for_ends(graph, drawn)
    assert torch.equal(drawn.senders, graph.senders)
    assert counted(drawn.receivers) == counted(graph.receivers)


@pytest.mark.parametrize("name", ["random_graph", "shuffled_edges"])
def test_a_false_graph_is_another_one_each_time_and_follows_the_seed(name: str) -> None:
    tokens = 10
    masks = Masks(torch.ones(2, tokens, dtype=torch.bool), torch.ones(2, 1, dtype=torch.bool))
    step = tokens + 1
    graph = graph_of(
        [(s * step + i, s * step + (i + 1) % tokens) for s in (0, 1) for i in range(5)]
    )
    control = CONTROLS.resolve(name)
    ends = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        found, _ = control(graph, masks)
        ends.append(torch.stack([found.senders, found.receivers]))
    true = torch.stack([graph.senders, graph.receivers])
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])
    assert not torch.equal(ends[0], true)
    # Samples are drawn apart: they do not get the same permutation.
    first, second = ends[0][:, :5], ends[0][:, 5:] - step
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("order", "orders"), [("random_graph", 6), ("shuffled_edges", 2)])
def test_every_order_is_as_likely(order: str, orders: int) -> None:
    """Three edges into three tokens: each of the six orders comes about as often.

    Of the two that leave no token in its place, if the edges are to be wrong.
    """
    samples = 1800
    masks = Masks(
        torch.ones(samples, 3, dtype=torch.bool), torch.ones(samples, 1, dtype=torch.bool)
    )
    graph = graph_of([(4 * s + 3, 4 * s + i) for s in range(samples) for i in range(3)])
    torch.manual_seed(0)
    found, _ = CONTROLS.resolve(order)(graph, masks)
    drawn = Counter(tuple(row) for row in (found.receivers % 4).view(-1, 3).tolist())
    assert len(drawn) == orders
    assert all(0.8 < count * orders / samples < 1.2 for count in drawn.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_without_any_edge_is_taken(name: str) -> None:
    masks = Masks(torch.ones(2, 3, dtype=torch.bool), torch.ones(2, 1, dtype=torch.bool))
    graph, _ = CONTROLS.resolve(name)(no_graph(torch.zeros(2, 3, 4)), masks)
    assert len(graph) == (2 * 4 * 3 if name == "all_ones" else 0)

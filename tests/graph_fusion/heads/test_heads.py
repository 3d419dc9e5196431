"""graph_fusion/heads: what every registered head keeps to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion import FUSIONS
from graph_fusion.fusion.base import Fused, FusionConfig, Masks, cover, no_graph
from graph_fusion.fusion_model import Inputs
from graph_fusion.heads import HEADS
from graph_fusion.heads.base import Head
from graph_fusion.heads.decoder import END, PAD, START
from graph_fusion.heads.vqa import Rows
from graph_fusion.tensors import Batch, Query, TextTable, collate, graph_tensors
from kg.graph import Edge, Node, PhotoInfo, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind

HIDDEN, TEXT, WORDS = 16, 6, 9
NONE = torch.full((4,), -1)


@dataclass(frozen=True)
class Case:
    """How a head over fused tokens is made and run on 4 samples of 5 image and 3 text tokens."""

    options: dict[str, Any]
    run: Callable[[Any, Fused, Masks], Any]
    loss: Callable[[Any, Any], Tensor]
    lost: Callable[[Any, Any], Tensor]
    """The loss when no sample has a target."""


def vectors(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(7))


def rows() -> Rows:
    pointer = torch.tensor([[0, 6, 6, -1, 2]]).expand(4, 5)
    return Rows(7, torch.arange(3), torch.tensor([2, 3, 4, 5]), pointer)


def soft() -> Tensor:
    return torch.eye(4, 7) + 0.6 * torch.eye(4, 7).roll(3, dims=1)


def sentences() -> Tensor:
    end = [END, PAD, PAD]
    return torch.tensor([[START, 3, 4, 5, END], [START, 6, *end], [START, 7, *end], [PAD] * 5])


def inputs(masks: Masks) -> Inputs:
    image = cover(vectors(4, 5, HIDDEN), masks.image).to(torch.get_default_dtype())
    return Inputs(image, vectors(4, 3, HIDDEN), no_graph(image), masks)


def sides(head: Any, fused: Fused, masks: Masks) -> tuple[Tensor, Tensor]:
    parts = None if fused.parts is None else fused.parts.flip(0)
    turned = replace(fused, pooled=fused.pooled.flip(0), parts=parts)
    return head(fused, turned), head.pairs(fused, 2)


CASES = {
    "choice": Case(
        {"text_features": TEXT},
        lambda head, fused, masks: head(fused, vectors(4, 3, TEXT), vectors(4, 3) < 1),
        lambda head, given: head.loss(given, torch.tensor([0, 1, -1, 0])),
        lambda head, given: head.loss(given, NONE),
    ),
    "closed": Case(
        {"answers": 7},
        lambda head, fused, masks: head(fused),
        lambda head, given: head.loss(given, soft()),
        lambda head, given: head.loss(given, torch.zeros(4, 7)),
    ),
    "count": Case(
        {"most": 4},
        lambda head, fused, masks: head(fused, masks),
        lambda head, given: head.loss(given, torch.tensor([0, 1, 9, -1])),
        lambda head, given: head.loss(given, NONE, torch.full((4, 5), -1)),
    ),
    "decoder": Case(
        {"words": WORDS, "longest": 5},
        lambda head, fused, masks: head(fused, masks, sentences()),
        lambda head, given: head.loss(given, sentences()),
        lambda head, given: head.loss(given, torch.full((4, 5), PAD)),
    ),
    "matching": Case(
        {},
        sides,
        lambda head, given: head.loss(given[0]) + head.loss(given[1]),
        lambda head, given: head.loss(given[0], torch.zeros(4, 4).bool()),
    ),
    "pointer": Case(
        {},
        lambda head, fused, masks: head(fused, inputs(masks)),
        lambda head, given: head.loss(given, torch.eye(4, 5).bool()),
        lambda head, given: head.loss(given, torch.zeros(4, 5).bool()),
    ),
    "vqa": Case(
        {"answers": 3, "text_features": TEXT},
        lambda head, fused, masks: head(fused, masks, vectors(4, TEXT)),
        lambda head, given: head.loss(given, rows(), soft()),
        lambda head, given: head.loss(given, rows(), torch.zeros(4, 7)),
    ),
    "yes_no": Case(
        {},
        lambda head, fused, masks: head(fused, masks),
        lambda head, given: head.loss(given, torch.tensor([0, 1, 2, -1])),
        lambda head, given: head.loss(given, NONE),
    ),
}
OVER_GRAPHS = {"graph"}
"""Heads over packed graphs; they have tests of their own below."""

each_head = pytest.mark.parametrize("name", CASES)


def made(name: str) -> nn.Module:
    torch.manual_seed(0)
    return HEADS.make(name, hidden=HIDDEN, **CASES[name].options).eval()


def outputs(given: Any) -> list[Tensor]:
    """Return all tensors of numbers that a head gave."""
    if isinstance(given, Tensor):
        return [given] if given.is_floating_point() else []
    parts = [getattr(given, f.name) for f in fields(given)] if is_dataclass(given) else given
    return [tensor for part in parts for tensor in outputs(part)]


def assert_same(found: Any, expected: Any) -> None:
    torch.testing.assert_close(outputs(found), outputs(expected), atol=1e-5, rtol=1e-4)


def test_every_registered_head_is_covered_and_none_has_vanished() -> None:
    assert set(HEADS) == set(CASES) | OVER_GRAPHS | {"named"}  # test_choice_closed.py
    assert not set(CASES) & OVER_GRAPHS


@each_head
def test_a_head_is_one_level_above_its_interface(name: str) -> None:
    assert type(made(name)).__mro__[1] is Head


@each_head
def test_the_loss_is_finite_and_its_gradient_reaches_every_parameter(
    name: str, sample: Callable[..., tuple[Fused, Masks]]
) -> None:
    head, case = made(name), CASES[name]
    loss = case.loss(head, case.run(head, *sample()))
    assert loss.shape == ()
    loss.backward()
    for label, parameter in head.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.isfinite().all(), label
        if label not in {"scorer.out.bias", "looker.out.bias", "pointer.out.bias"}:
            assert parameter.grad.abs().max() > 0, label  # a softmax ignores a constant


@each_head
def test_the_gradient_of_tokens_and_pooled_equals_finite_differences(
    name: str, sample: Callable[..., tuple[Fused, Masks]]
) -> None:
    head, case = made(name).double(), CASES[name]
    fused, masks = sample(hidden=HIDDEN)
    generator = torch.Generator().manual_seed(1)
    along = torch.randn(fused.tokens.shape, generator=generator, dtype=torch.float64)
    for parameter in head.parameters():
        parameter.requires_grad_(False)

    def loss(step: Tensor) -> Tensor:
        pooled = fused.pooled.double() + step * along[:, 0]
        moved = Fused(fused.tokens.double() + step * along, pooled)
        return case.loss(head, doubled(head, case, moved, masks))

    assert torch.autograd.gradcheck(loss, torch.zeros((), dtype=torch.float64, requires_grad=True))


def doubled(head: nn.Module, case: Case, fused: Fused, masks: Masks) -> Any:
    """Run a head in float64; the vectors that a case brings along come in float64, too."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return case.run(head, fused, masks)
    finally:
        torch.set_default_dtype(before)


@each_head
@given(seed=st.integers(0, 1000))
@settings(max_examples=8)
def test_what_stands_at_padding_changes_nothing(name: str, seed: int) -> None:
    head, case = made(name), CASES[name]
    fused, masks = padding_sample(seed)
    garbage = 100 * torch.randn(fused.tokens.shape, generator=torch.Generator().manual_seed(seed))
    filled = torch.where(masks.all.unsqueeze(2), fused.tokens, garbage)
    expected = case.run(head, fused, masks)
    found = case.run(head, replace(fused, tokens=filled), masks)
    assert_same(found, expected)
    torch.testing.assert_close(case.loss(head, found), case.loss(head, expected))


def padding_sample(seed: int) -> tuple[Fused, Masks]:
    """Return 4 samples, the first without any token."""
    generator = torch.Generator().manual_seed(seed)
    there = torch.rand(4, 8, generator=generator) < 0.5
    there[0] = False
    tokens = torch.randn(4, 8, HIDDEN, generator=generator) * there.unsqueeze(2)
    fused = Fused(tokens, torch.randn(4, HIDDEN, generator=generator))
    return fused, Masks(there[:, :5], there[:, 5:])


@pytest.mark.parametrize("name", sorted(set(CASES) - {"matching"}))  # test_choice_matching.py
def test_the_other_samples_of_a_batch_change_nothing(name: str) -> None:
    head, case = made(name), CASES[name]
    fused, masks = padding_sample(3)
    swapped = replace(fused, tokens=fused.tokens.clone(), pooled=fused.pooled.clone())
    swapped.tokens[1:] = torch.randn_like(swapped.tokens[1:])
    swapped.pooled[1:] = torch.randn_like(swapped.pooled[1:])
    one, other = (outputs(case.run(head, each, masks)) for each in (fused, swapped))
    torch.testing.assert_close([each[:1] for each in one], [each[:1] for each in other])


@each_head
def test_equal_parts_predict_what_the_pooled_vector_does(
    name: str, sample: Callable[..., tuple[Fused, Masks]]
) -> None:
    head, case = made(name), CASES[name]
    fused, masks = sample()
    shares = torch.tensor([0.3, 0.0, 0.7]).expand(4, 3)
    parts = fused.pooled.unsqueeze(1).expand(4, 3, HIDDEN)
    late = replace(fused, parts=parts, shares=shares)
    assert_same(case.run(head, late, masks), case.run(head, fused, masks))


@each_head
def test_a_part_without_a_share_says_nothing(
    name: str, sample: Callable[..., tuple[Fused, Masks]]
) -> None:
    head, case = made(name), CASES[name]
    fused, masks = sample()
    parts = torch.stack([fused.pooled, 10 * torch.randn(4, HIDDEN)], dim=1).requires_grad_()
    shares = torch.tensor([1.0, 0.0]).expand(4, 2)
    found = case.run(head, replace(fused, parts=parts, shares=shares), masks)
    assert_same(found, case.run(head, fused, masks))
    case.loss(head, found).backward()
    if name == "decoder":  # it looks at the tokens of both modalities, not at the parts
        assert parts.grad is None
        return
    assert parts.grad is not None
    assert parts.grad[:, 0].isfinite().all()
    assert not parts.grad[:, 1].any()


@each_head
def test_late_fusion_with_a_modality_missing_learns_through_every_head(name: str) -> None:
    head, case = made(name), CASES[name]
    fusion = FUSIONS.make("late", config=FusionConfig(HIDDEN, dropout=0.0))
    masks = Masks(torch.ones(4, 5).bool(), torch.ones(4, 3).bool())
    masks.image[0] = False
    masks.text[1] = False
    image, text = vectors(4, 5, HIDDEN), vectors(4, 3, HIDDEN)
    fused = fusion(image, text, no_graph(image), masks)
    loss = case.loss(head, case.run(head, fused, masks))
    loss.backward()
    assert loss.isfinite()
    for label, parameter in fusion.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.isfinite().all(), label
        assert parameter.grad.any(), label


@each_head
def test_without_targets_the_loss_is_zero_and_teaches_nothing(name: str) -> None:
    head, case = made(name), CASES[name]
    loss = case.lost(head, case.run(head, *padding_sample(5)))
    assert loss == 0
    loss.backward()
    for parameter in head.parameters():
        assert parameter.grad is None or not parameter.grad.any()


@each_head
def test_a_sample_without_any_token_gives_finite_losses_and_gradients(name: str) -> None:
    head, case = made(name), CASES[name]
    fused, masks = padding_sample(6)
    loss = case.loss(head, case.run(head, fused, masks))
    loss.backward()
    assert loss.isfinite()
    for parameter in head.parameters():
        assert parameter.grad is None or parameter.grad.isfinite().all()


@each_head
def test_saved_and_loaded_a_head_predicts_with_the_same_bits(
    name: str, sample: Callable[..., tuple[Fused, Masks]], tmp_path: Path
) -> None:
    head, case = made(name), CASES[name]
    save_file(head.state_dict(), tmp_path / "head.safetensors")
    torch.manual_seed(1)
    again = HEADS.make(name, hidden=HIDDEN, **case.options).eval()
    again.load_state_dict(load_file(tmp_path / "head.safetensors"))
    fused, masks = sample()
    expected = outputs(case.run(head, fused, masks))
    found = outputs(case.run(again, fused, masks))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def packed_graphs() -> Batch:
    table = TextTable()
    query = Query("What is the cup used for?", "What is it used for?", "concept")
    tensors = []
    for uses in (2, 0):
        graph = SceneGraph(PhotoInfo("x.jpg", 100, 100), query.text)
        graph.add(Node("cup", NodeKind.CONCEPT, "cup", "test"))
        graph.add(Node("said", NodeKind.ENTITY, "cup", "parser", span=(12, 15)))
        for number in range(uses):
            graph.add(Node(f"use:{number}", NodeKind.CONCEPT, f"use {number}", "test"))
            graph.connect(Edge("cup", f"use:{number}", EdgeKind.FACT, "used for", "test"))
        tensors.append(graph_tensors(graph, query, table))
    return collate(tensors, vectors(len(table.texts()), TEXT))


def test_the_heads_over_graphs_reach_every_parameter_and_sum_to_one() -> None:
    torch.manual_seed(0)
    batch = packed_graphs()
    head = HEADS.make("graph", hidden=HIDDEN)
    nodes = len(batch.node_kind)
    scores = head(vectors(nodes, HIDDEN), vectors(nodes, HIDDEN), batch, vectors(2, HIDDEN))
    sums = torch.zeros(2).index_add(0, batch.graph_of_node, scores.attention)
    torch.testing.assert_close(sums, torch.ones(2))
    target = torch.tensor([0, 1])
    loss = F.cross_entropy(scores.route, target) + F.cross_entropy(scores.yes_no, target)
    loss = loss + scores.counted.square().sum() + scores.none.square().sum()
    loss = loss + scores.node[[0, 2, 3, 4]].square().sum()
    loss.backward()
    for label, parameter in head.named_parameters():
        assert parameter.grad is not None, label
        assert parameter.grad.isfinite().all(), label

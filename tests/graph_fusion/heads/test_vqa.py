"""graph_fusion/heads/vqa: three routes to an answer in one joint list."""

from __future__ import annotations

from collections.abc import Callable
from math import log

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.heads.base import LOG_ZERO
from graph_fusion.heads.vqa import NOWHERE, Answers, Rows, VQAHead, add_up
from kg.errors import SightGraphError

HIDDEN, TEXT = 16, 6
CLOSED, OPEN, POINTER = range(3)
Sample = Callable[..., tuple[Fused, Masks]]


def no_text(samples: int, tokens: int) -> Masks:
    return Masks(torch.ones(samples, tokens).bool(), torch.zeros(samples, 0).bool())


def by_hand() -> tuple[Answers, Rows, list[str]]:
    """Return answers of one sample; "cup" is reached by all routes, "vase" by a token only."""
    answers = Answers(
        closed=torch.tensor([[0.7, 0.3]]).log(),
        open=torch.tensor([[0.4, 0.6]]).log(),
        pointer=torch.tensor([[0.5, 0.2, 0.2, 0.1]]).log(),
        gate=torch.tensor([[0.5, 0.2, 0.3]]).log(),
    )
    labels, rows = Rows.from_labels(
        ["cup", "dog"], ["mug", "cup"], [["cup", "vase", "vase", None]], 4
    )
    return answers, rows, labels


def test_the_same_string_has_one_row_and_its_probabilities_add_up() -> None:
    answers, rows, labels = by_hand()
    assert labels == ["cup", "dog", "mug", "vase"]
    joint = answers.joint(rows)[0].exp()
    expected = [0.5 * 0.7 + 0.2 * 0.6 + 0.3 * 0.5, 0.5 * 0.3, 0.2 * 0.4, 0.3 * 0.4]
    torch.testing.assert_close(joint, torch.tensor(expected))
    torch.testing.assert_close(
        answers.by_route(rows)[0, :, 0].exp(), torch.tensor([0.35, 0.12, 0.15])
    )


def test_an_answer_that_no_route_reaches_is_impossible_and_left_out_of_the_loss() -> None:
    answers, rows, _ = by_hand()
    wider = Rows(5, rows.closed, rows.open, rows.pointer)
    assert answers.joint(wider)[0, 4] == LOG_ZERO
    head = VQAHead(HIDDEN, 2, TEXT)
    some = head.loss(answers, wider, torch.tensor([[0.0, 0.3, 0.0, 0.0, 1.0]]))
    assert some.item() == pytest.approx(-log(0.15), rel=1e-5)
    assert head.loss(answers, wider, torch.tensor([[0.0, 0.0, 0.0, 0.0, 1.0]])) == 0


def test_soft_targets_give_the_loss_by_hand_in_both_forms() -> None:
    answers, rows, _ = by_hand()
    targets = torch.tensor([[1.0, 0.0, 0.0, 0.6]])
    p = [0.62, 0.15, 0.08, 0.12]
    soft = VQAHead(HIDDEN, 2, TEXT).loss(answers, rows, targets)
    assert soft.item() == pytest.approx(-(log(p[0]) + 0.6 * log(p[3])) / 1.6, rel=1e-5)
    binary = VQAHead(HIDDEN, 2, TEXT, loss="binary").loss(answers, rows, targets)
    wrong = log(1 - p[1]) + log(1 - p[2]) + 0.4 * log(1 - p[3])
    assert binary.item() == pytest.approx(-(log(p[0]) + 0.6 * log(p[3]) + wrong), rel=1e-5)


@given(
    answers=st.integers(0, 4),
    texts=st.integers(0, 3),
    tokens=st.integers(0, 4),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40)
def test_the_mixture_sums_to_one_over_the_routes_that_a_sample_has(
    answers: int, texts: int, tokens: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    head = VQAHead(HIDDEN, answers, TEXT)
    there = torch.rand(3, tokens, generator=generator) < 0.5
    fused = Fused(
        torch.randn(3, tokens, HIDDEN, generator=generator),
        torch.randn(3, HIDDEN, generator=generator),
    )
    given = head(fused, Masks(there, there[:, :0]), torch.randn(texts, TEXT, generator=generator))
    size = 6
    rows = Rows(
        size,
        *(torch.randint(0, size, (n,), generator=generator) for n in (answers, texts)),
        torch.randint(0, size, (3, tokens), generator=generator),
    )
    some = torch.tensor([answers > 0 or texts > 0 or bool(row.any()) for row in there])
    torch.testing.assert_close(given.joint(rows).exp().sum(1), some.float())
    gate = given.gate.exp()
    torch.testing.assert_close(gate.sum(1), some.float())
    assert not gate[:, CLOSED].any() or answers
    assert not gate[:, OPEN].any() or texts
    assert not gate[~there.any(1), POINTER].any()
    assert given.joint(rows).isfinite().all()


def test_a_token_without_a_label_keeps_its_probability_from_all_answers() -> None:
    answers, rows, _ = by_hand()
    assert rows.pointer[0, 3] == NOWHERE
    assert answers.joint(rows).exp().sum().item() == pytest.approx(1 - 0.3 * 0.1, rel=1e-5)


def test_only_pointable_tokens_are_pointed_at(sample: Sample) -> None:
    head = VQAHead(HIDDEN, 2, TEXT)
    fused, masks = sample()
    pointable = torch.zeros(4, 5).bool()
    pointable[:3, 0] = True
    given = head(fused, masks, pointable=pointable)
    torch.testing.assert_close(given.pointer[:3, 0], torch.zeros(3))
    assert not given.pointer[~pointable].exp().any()
    assert given.gate[3, POINTER] == LOG_ZERO
    everywhere = head(fused, masks, pointable=torch.ones(4, 5).bool())
    assert not everywhere.pointer[~masks.image].exp().any()


def test_several_padding_tokens_with_one_label_do_not_add_up_to_an_answer() -> None:
    pointer = torch.tensor([[0.0, LOG_ZERO, LOG_ZERO]])
    none = torch.zeros(1, 0)
    answers = Answers(none, none, pointer, torch.tensor([[LOG_ZERO, LOG_ZERO, 0.0]]))
    rows = Rows(2, none[0].long(), none[0].long(), torch.tensor([[0, 1, 1]]))
    assert answers.joint(rows).tolist() == [[0.0, LOG_ZERO]]


@given(st.lists(st.tuples(st.integers(-1, 4), st.floats(-30, 0)), max_size=8))
@settings(max_examples=40)
def test_adding_up_equals_a_sum_of_probabilities(entries: list[tuple[int, float]]) -> None:
    rows = torch.tensor([[row for row, _ in entries]] * 2, dtype=torch.long).view(2, -1)
    logs = torch.tensor([[value for _, value in entries]] * 2, dtype=torch.float64).view(2, -1)
    found = add_up(logs.requires_grad_(), rows, 5)
    for row in range(5):
        total = sum(torch.tensor(value).double().exp() for at, value in entries if at == row)
        reached = any(at == row for at, _ in entries)
        expected = torch.log(torch.as_tensor(total)).item() if reached else LOG_ZERO
        assert found[0, row].item() == pytest.approx(expected, abs=1e-6)
    found.sum().backward()
    assert logs.grad is not None
    assert logs.grad.isfinite().all()


def routed_questions(samples: int, seed: int) -> tuple[Fused, Masks, Rows, Tensor]:
    """Return questions of two kinds, told by the first feature of the pooled vector.

    One asks for one of 3 closed answers, named by features 1 to 3. The other asks for the
    marked token, whose label is none of the closed answers and another in each sample.
    """
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randn(samples, 4, HIDDEN, generator=generator)
    marked = torch.randint(0, 4, (samples,), generator=generator)
    tokens[:, :, 0] = 0.0
    tokens[torch.arange(samples), marked, 0] = 3.0
    kind = torch.arange(samples) % 2
    closed = torch.randint(0, 3, (samples,), generator=generator)
    pooled = 0.1 * torch.randn(samples, HIDDEN, generator=generator)
    pooled[:, 0] = 2.0 * kind - 1.0
    pooled[torch.arange(samples), closed + 1] += 2.0
    labels = torch.rand(samples, 4, generator=generator).argsort(1) + 3
    right = torch.where(kind == 1, labels[torch.arange(samples), marked], closed)
    rows = Rows(7, torch.arange(3), torch.zeros(0, dtype=torch.long), labels)
    return Fused(tokens, pooled), no_text(samples, 4), rows, torch.eye(7)[right]


@pytest.mark.parametrize("form", ["softmax", "binary"])
def test_the_gate_learns_to_point_where_the_answer_is_only_a_token(form: str) -> None:
    torch.manual_seed(0)
    head = VQAHead(HIDDEN, 3, TEXT, loss=form)
    fused, masks, rows, targets = routed_questions(64, seed=0)
    optimiser = torch.optim.Adam(head.parameters(), 0.01)
    for _ in range(120):
        optimiser.zero_grad()
        head.loss(head(fused, masks), rows, targets).backward()
        optimiser.step()
    fused, masks, rows, targets = routed_questions(100, seed=1)
    answers = head(fused, masks)
    assert (answers.gate[1::2, POINTER].exp() > 0.9).float().mean() > 0.9
    assert (answers.gate[::2, CLOSED].exp() > 0.9).float().mean() > 0.9
    right = answers.joint(rows).argmax(1) == targets.argmax(1)
    assert right.float().mean() > 0.9


def test_open_answers_unseen_in_training_are_found_by_their_texts() -> None:
    torch.manual_seed(0)
    head = VQAHead(HIDDEN, 0, TEXT)
    turn = torch.randn(TEXT, HIDDEN)
    texts, unseen = torch.randn(64, TEXT), torch.randn(40, TEXT)

    def asked(answers: Tensor) -> tuple[Answers, Rows]:
        fused = Fused(torch.zeros(len(answers), 0, HIDDEN), answers @ turn)
        none = torch.zeros(len(answers), 0, dtype=torch.long)
        rows = Rows(len(answers), none[0], torch.arange(len(answers)), none)
        return head(fused, no_text(len(answers), 0), answers), rows

    optimiser = torch.optim.Adam(head.parameters(), 0.02)
    for _ in range(60):
        optimiser.zero_grad()
        head.loss(*asked(texts), torch.eye(64)).backward()
        optimiser.step()
    answers, rows = asked(unseen)
    right = answers.joint(rows).argmax(1) == torch.arange(40)
    assert right.float().mean() > 0.9


def test_a_sure_gate_and_a_sure_pointer_keep_gradients_finite(sample: Sample) -> None:
    head = VQAHead(HIDDEN, 3, TEXT)
    with torch.no_grad():
        head.gate[2].bias.copy_(torch.tensor([-300.0, 0.0, 300.0]))
        head.pointer.out.weight.mul_(1e3)
    rows = Rows(8, torch.arange(3), torch.zeros(0, dtype=torch.long), torch.full((4, 5), 7))
    fused, masks = sample()
    loss = head.loss(head(fused, masks), rows, torch.eye(4, 8))
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())


def test_targets_labels_and_losses_that_do_not_fit_are_refused() -> None:
    answers, rows, _ = by_hand()
    with pytest.raises(SightGraphError, match="joint list"):
        VQAHead(HIDDEN, 2, TEXT).loss(answers, rows, torch.zeros(1, 3))
    with pytest.raises(SightGraphError, match="softmax, binary"):
        VQAHead(HIDDEN, 2, TEXT, loss="hinge")
    with pytest.raises(SightGraphError, match="3 labels for 2 image tokens"):
        Rows.from_labels([], [], [["cup", "vase", None]], 2)

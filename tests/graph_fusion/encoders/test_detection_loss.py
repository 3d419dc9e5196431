"""graph_fusion/encoders/detection_loss.py: which output has the lower loss."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.encoders.detection_loss import (
    CANDIDATES,
    Boxes,
    assign,
    bins_loss,
    detection_loss,
    distillation_loss,
)
from graph_fusion.encoders.picodet import BINS, Found

SIDE, STRIDE, CELLS = 64, 8, 64
CLASSES = 5
OBJECT = [0.25, 0.25, 0.75, 0.75]
"""Its sides lie a whole number of strides from no cell's middle, and half a stride off."""


def centres() -> Tensor:
    y, x = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    return (torch.stack([x, y], -1).view(-1, 2) + 0.5) * STRIDE


def output(corners: list[float], label: int, logit: float) -> Found:
    """Return what a network gives that finds one box everywhere, of one label."""
    box = torch.tensor(corners) * SIDE
    reach = torch.cat([centres() - box[:2], box[2:] - centres()], 1) / STRIDE
    reach = reach.clamp(0, BINS - 1)
    distances = -20.0 * (torch.arange(BINS) - reach[..., None]).abs()
    classes = torch.full((1, CELLS, CLASSES), -6.0)
    classes[..., label] = logit
    return Found(classes, distances[None], centres(), torch.full((CELLS,), float(STRIDE)))


def only_box(score: float = 1.0) -> Boxes:
    return Boxes(torch.tensor([OBJECT]), torch.tensor([2]), torch.tensor([score]))


def nothing() -> Boxes:
    return Boxes(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0))


def chosen(found: Found, target: Boxes) -> dict[int, float]:
    """Return the wanted score of each cell that is to find an object."""
    scores = found.classes[0].sigmoid()
    one = assign(scores, found.boxes[0], found.centres, target, target.corners * SIDE)
    return dict(zip(one.cells.tolist(), one.quality.tolist(), strict=True))


def test_loss_is_lower_the_better_box_and_label_are_met() -> None:
    best = detection_loss(output(OBJECT, 2, 0.0), [only_box()], SIDE)
    wrong_label = detection_loss(output(OBJECT, 1, 0.0), [only_box()], SIDE)
    wrong_box = detection_loss(output([0.25, 0.25, 0.6, 0.6], 2, 0.0), [only_box()], SIDE)
    assert best < wrong_label
    assert best < wrong_box


def test_cells_that_find_an_object_lie_in_it_and_the_best_wants_its_iou() -> None:
    found = chosen(output(OBJECT, 2, 0.0), only_box())
    assert 0 < len(found) <= CANDIDATES
    inside = ((centres() > 16) & (centres() < 48)).all(1)
    assert inside[list(found)].all()
    assert 0.9 < max(found.values()) <= 1


def test_a_doubtful_box_wants_a_doubtful_score() -> None:
    assert max(chosen(output(OBJECT, 2, 0.0), only_box(score=0.2)).values()) <= 0.2 + 1e-6


def test_an_object_smaller_than_a_cell_is_found_by_one() -> None:
    corners = [0.49, 0.49, 0.52, 0.52]
    target = Boxes(torch.tensor([corners]), torch.tensor([2]), torch.tensor([1.0]))
    assert chosen(output(corners, 2, 0.0), target)


def test_an_image_without_boxes_teaches_that_nothing_is_there() -> None:
    found = output(OBJECT, 2, 0.0)
    logits = found.classes.clone().requires_grad_()
    detection_loss(found._replace(classes=logits), [nothing()], SIDE).backward()
    assert logits.grad is not None
    assert (logits.grad > 0).all()


@given(st.floats(0, BINS - 1.01))
@settings(max_examples=50)
def test_distances_between_two_bins_are_best_met_by_both(distance: float) -> None:
    reach = torch.full((1, 4), distance)
    lower = int(distance)
    right = torch.zeros(1, 4, BINS)
    right[..., lower], right[..., lower + 1] = lower + 1 - distance, distance - lower
    best = bins_loss(right.clamp_min(1e-6).log(), reach)
    other = bins_loss(right.roll(1, -1).clamp_min(1e-6).log(), reach)
    uniform = bins_loss(torch.zeros(1, 4, BINS), reach)
    assert best <= other
    assert best <= uniform + 1e-5


def test_the_teacher_itself_is_no_further_from_the_teacher_than_others() -> None:
    teacher = output(OBJECT, 2, 1.0)
    itself = distillation_loss(teacher, teacher)
    assert itself < distillation_loss(output(OBJECT, 1, 1.0), teacher)
    assert itself < distillation_loss(output([0.2, 0.2, 0.9, 0.9], 2, 1.0), teacher)
    logits = teacher.classes.clone().requires_grad_()
    distillation_loss(teacher._replace(classes=logits), teacher).backward()
    assert logits.grad is not None
    assert logits.grad.abs().max() < 1e-6

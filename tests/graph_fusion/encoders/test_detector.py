"""graph_fusion/encoders/detector.py and detector_loss.py."""

from __future__ import annotations

import torch

from graph_fusion.encoders.detector import STRIDE, Boxes, DetectorNetwork, Found, detection_loss


def made_network() -> DetectorNetwork:
    torch.manual_seed(0)
    return DetectorNetwork(classes=5, channels=16).eval()


@torch.inference_mode()
def test_each_place_has_a_score_for_each_class_and_a_box_around_it() -> None:
    found = made_network()(torch.rand(2, 3, 96, 64))
    places = (96 // STRIDE) * (64 // STRIDE)
    assert found.objectness.shape == (2, places)
    assert found.scores().shape == (2, places, 5)
    assert found.boxes.shape == (2, places, 4)
    assert ((found.scores() >= 0) & (found.scores() <= 1)).all()
    middle = (found.boxes[..., :2] + found.boxes[..., 2:]) / 2
    row, column = torch.arange(places) // 4, torch.arange(places) % 4
    expected = torch.stack([column / 4, row / 6], 1)
    assert ((middle - expected).abs() <= torch.tensor([1 / 4, 1 / 6]) + 1e-5).all()


def only_box(corners: list[float], score: float = 1.0) -> list[Boxes]:
    return [Boxes(torch.tensor([corners]), torch.tensor([2]), torch.tensor([score]))]


def told(boxes: torch.Tensor, label: int, sure: float) -> Found:
    """Return what a network says that finds `boxes` [A, 4] everywhere, of one label."""
    classes = torch.zeros(1, len(boxes), 5)
    classes[..., label] = 6.0
    return Found(torch.full((1, len(boxes)), sure), classes, boxes[None])


def test_loss_is_lower_the_better_box_and_label_are_met() -> None:
    corners = [0.25, 0.25, 0.75, 0.75]
    right = told(torch.tensor([corners]).repeat(16, 1), 2, 0.0)
    wrong_label = told(torch.tensor([corners]).repeat(16, 1), 1, 0.0)
    wrong_box = told(torch.tensor([[0.0, 0.0, 0.3, 0.3]]).repeat(16, 1), 2, 0.0)
    wanted = only_box(corners)
    best = detection_loss(right, wanted, 4)
    assert best < detection_loss(wrong_label, wanted, 4)
    assert best < detection_loss(wrong_box, wanted, 4)


def test_a_doubtful_box_asks_for_doubtful_objectness() -> None:
    corners = [0.25, 0.25, 0.75, 0.75]
    boxes = torch.tensor([corners]).repeat(16, 1)
    objectness = torch.zeros(1, 16, requires_grad=True)
    found = Found(objectness, torch.zeros(1, 16, 5), boxes[None])
    detection_loss(found, only_box(corners, score=0.2), 4).backward()
    gradient = objectness.grad
    assert gradient is not None
    assert (gradient > 0).all()  # 0.5 is too sure everywhere, for 0.2 as for nothing
    objectness.grad = None
    detection_loss(found, only_box(corners, score=0.9), 4).backward()
    assert objectness.grad is not None
    assert int((objectness.grad < 0).sum()) == 4  # the four places around the middle


def test_an_image_without_boxes_teaches_that_nothing_is_there() -> None:
    nothing = Boxes(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0))
    objectness = torch.zeros(1, 16, requires_grad=True)
    found = Found(objectness, torch.zeros(1, 16, 5), torch.rand(1, 16, 4).sort(-1).values)
    detection_loss(found, [nothing], 4).backward()
    assert objectness.grad is not None
    assert (objectness.grad > 0).all()

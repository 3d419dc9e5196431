"""pipelines/detectors/bundled.py: looking at a photograph more than once."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from graph_fusion.encoders.detector import DetectorNetwork, Found
from pipelines.detectors.bundled import (
    BundledDetector,
    Views,
    detect,
    one_per_place,
    pixels,
    views_of,
)
from pipelines.photo import Photo


def photo() -> Photo:
    """Black, with a white square in the upper left quarter."""
    image = Image.new("RGB", (200, 100))
    image.paste((255, 255, 255), (20, 10, 60, 50))
    return Photo.open(image)


class WhiteFinder(DetectorNetwork):
    """Finds the box around all white pixels of an image, and nothing else."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)

    def forward(self, images: torch.Tensor) -> Found:
        boxes, sure = [], []
        for image in images:
            places = (image.mean(0) > 0.5).nonzero()
            found = len(places) > 0
            low, high = (places.amin(0), places.amax(0) + 1) if found else (torch.zeros(2),) * 2
            boxes.append(torch.cat([low.flip(0), high.flip(0)]) / image.shape[-1])
            sure.append(9.0 if found else -9.0)
        classes = torch.tensor([9.0, 0.0]).expand(len(images), 1, 2)
        return Found(torch.tensor(sure)[:, None], classes, torch.stack(boxes)[:, None])


@pytest.mark.parametrize(("kind", "amount"), [("whole", 1), ("mirrored", 2), ("crops", 6)])
def test_every_view_leads_back_to_the_same_place(kind: Views, amount: int) -> None:
    assert len(views_of(200, 100, kind)) == amount
    boxes, scores, labels = detect(WhiteFinder(), photo(), kind, 64, 0.5)
    assert labels.tolist() == [0]
    assert scores[0] > 0.9
    torch.testing.assert_close(boxes[0], torch.tensor([20.0, 10, 60, 50]), atol=3.0, rtol=0)


def test_a_mirrored_view_is_the_other_way_round() -> None:
    plain, mirrored = (pixels(photo(), view, 32) for view in views_of(200, 100, "mirrored"))
    assert torch.equal(plain.flip(2), mirrored)


def test_what_a_crop_cuts_is_not_found_twice() -> None:
    image = Image.new("RGB", (200, 100))
    image.paste((255, 255, 255), (60, 20, 140, 80))  # every crop cuts it
    boxes, _, _ = detect(WhiteFinder(), Photo.open(image), "crops", 64, 0.5)
    assert len(boxes) == 1


def test_nothing_is_found_where_nothing_is() -> None:
    boxes, scores, _ = detect(
        WhiteFinder(), Photo.open(Image.new("RGB", (50, 50))), "crops", 64, 0.5
    )
    assert boxes.shape == (0, 4)
    assert scores.shape == (0,)


def test_of_boxes_that_coincide_the_surest_stays() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9.9], [20, 20, 30, 30]])
    assert one_per_place(boxes).tolist() == [0, 2]


def test_alternatives_and_looking_twice_can_be_had() -> None:
    cat = Photo.open("example:cat")
    usual = BundledDetector(threshold=0.1)(cat)
    every = BundledDetector(threshold=0.1, alternatives=True)(cat)
    assert len(every) > len(usual)
    mirrored = BundledDetector(views="mirrored")(cat)
    assert mirrored[0].label == "cat"


def test_look_does_not_depend_on_what_was_detected_before() -> None:
    detector = BundledDetector()
    cat, coffee = Photo.open("example:cat"), Photo.open("example:coffee")
    fresh = detector.look(cat)
    detector(coffee)
    detector(cat)
    assert (detector.look(cat) == fresh).all()
    assert (detector.look(coffee) != fresh).any()

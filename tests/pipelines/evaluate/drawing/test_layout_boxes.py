"""pipelines/evaluate/layout_boxes: likelihood and overlap of real boxes, beside the baseline."""

from __future__ import annotations

import torch

from graph_fusion.layout_model import LayoutConfig, LayoutModel, in_units
from kg.graph import Box
from pipelines.datasets.splits import concept_part
from pipelines.evaluate.drawing.layout_boxes import MeanBoxes, likelihoods
from pipelines.generate.layout_examples import LayoutPhoto


def photo(number: int, *labels: str) -> LayoutPhoto:
    boxes = tuple(Box(0.1, 0.1, 0.5 + at / 10, 0.5 + number / 100) for at, _ in enumerate(labels))
    return LayoutPhoto(f"{number}.jpg", "train", 1.3, labels, boxes, (0,) * len(labels), ())


def test_the_baseline_is_the_gaussian_of_each_kind() -> None:
    learned = [photo(number, "dog", "cat") for number in range(8)]
    mean = MeanBoxes(learned)
    boxes = in_units(torch.tensor([learned[0].boxes[0], learned[0].boxes[0]]))
    values = in_units(torch.tensor([one.boxes[0] for one in learned]))
    assert torch.allclose(mean.mean(["dog"])[0], values.mean(0))
    assert torch.allclose(mean.mean(["xyzzy"])[0], mean.all[0])
    assert mean.nats(["dog", "xyzzy"], boxes).shape == (2,)


def test_boxes_are_compared_with_real_ones() -> None:
    torch.manual_seed(0)
    model = LayoutModel(LayoutConfig(hidden=8, layers=1, components=2)).eval()
    held_out = next(one for one in ("bottle", "giraffe", "train") if concept_part(one) != "train")
    photos = [photo(number, "dog", held_out) for number in range(6)]
    figures = likelihoods(model, photos, photos)
    assert figures["things"] == 12
    for name in ("IoU", "R@0.3", "R@0.5", "IoU, mean box", "IoU, kinds held out"):
        assert 0 <= figures[name] <= 1
    assert figures["IoU, mean box"] > 0.8  # they all lie alike
    assert figures["nats per thing, mean box"] < figures["nats per thing"]

"""Boxes of layouts against those of real photographs: likelihood and overlap, beside a baseline."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from graph_fusion.encoders.text import MiniLM
from graph_fusion.layout_model import LayoutModel, as_shares, in_units, layout_batch
from kg.graph import Box
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from pipelines.datasets.splits import concept_part
from pipelines.drawing.layout import placed_in_turn
from pipelines.drawing.tensors import LayoutReader
from pipelines.generate.layout_examples import LayoutPhoto, said_at_random
from pipelines.progress import track

TOGETHER = 64
"""Graphs in a batch."""


def likelihoods(
    model: LayoutModel, photographs: Sequence[LayoutPhoto], learned: Sequence[LayoutPhoto]
) -> dict[str, float]:
    """Return the likelihood of real boxes and their overlap with expected ones, for each thing.

    Beside them stands the baseline, a Gaussian for each kind. What is said of a photograph is
    drawn at random, as many relations as it has things.
    """
    knowledge = Knowledge.bundled()
    reader = LayoutReader(knowledge, Linker(knowledge), model.config.without)
    graphs, boxes, labels = [], [], []
    for one in photographs:
        chance = random.Random(one.name)
        said = said_at_random(one, chance, len(one.labels))
        graphs.append(reader(one.labels, (0,) * len(one.labels), said, math.log(one.aspect)))
        boxes.append(in_units(torch.tensor(one.boxes)))
        labels += list(one.labels)
    texts = reader.vectors(MiniLM())
    nats = -torch.cat(_in_turn(model, graphs, boxes, texts, [one.name for one in photographs]))
    expected = [
        as_shares(placed_in_turn(model, graph, texts)[0]) for graph in track(graphs, "laying out")
    ]
    mean = MeanBoxes(learned)
    plain = torch.cat([mean.nats(a.labels, b) for a, b in zip(photographs, boxes, strict=True)])
    usual = [as_shares(mean.mean(one.labels)) for one in photographs]
    real = [as_shares(one) for one in boxes]
    unseen = torch.tensor([concept_part(label) != "train" for label in labels])
    figures = {"photographs": float(len(photographs)), "things": float(len(labels))}
    for name, likelihood, guess in (("", nats, expected), (", mean box", plain, usual)):
        overlap = torch.cat([_overlaps(a, b) for a, b in zip(guess, real, strict=True)])
        figures |= {
            f"nats per thing{name}": float(likelihood.mean()),
            **_means({f"nats per thing, kinds held out{name}": likelihood[unseen]}),
            f"IoU{name}": float(overlap.mean()),
            **_means({f"IoU, kinds held out{name}": overlap[unseen]}),
            f"R@0.3{name}": float((overlap >= 0.3).float().mean()),
            f"R@0.5{name}": float((overlap >= 0.5).float().mean()),
        }
    return figures


def _means(values: dict[str, Tensor]) -> dict[str, float]:
    """Return the means of what was measured at all."""
    return {name: float(one.mean()) for name, one in values.items() if len(one)}


@torch.inference_mode()
def _in_turn(
    model: LayoutModel,
    graphs: Sequence[Any],
    boxes: Sequence[Tensor],
    texts: Tensor,
    names: Sequence[str],
) -> list[Tensor]:
    """Return the log likelihood [T] of each graph's boxes, in a random order for each graph."""
    found = [torch.zeros(len(one)) for one in boxes]
    steps = []
    for number, name in enumerate(names):
        order = list(range(len(boxes[number])))
        random.Random(name).shuffle(order)
        for turn, at in enumerate(order):
            placed = torch.zeros(len(order), dtype=torch.bool)
            placed[order[:turn]] = True
            steps.append((number, at, placed))
    for start in range(0, len(steps), TOGETHER):
        some = steps[start : start + TOGETHER]
        own = [graphs[number] for number, _, _ in some]
        batch = layout_batch(
            own, texts, [boxes[number] for number, _, _ in some], [placed for _, _, placed in some]
        )
        likelihood = model(batch).log_likelihood(batch.boxes)
        first = 0
        for graph, (number, at, _) in zip(own, some, strict=True):
            found[number][at] = likelihood[first + at]
            first += len(graph.text)
    return found


class MeanBoxes:
    """The baseline: a Gaussian of the boxes of each kind; of all boxes for an unknown kind."""

    FEW = 5
    """Boxes below which a kind counts as unknown."""
    LEAST = 0.05
    """Smallest deviation."""

    def __init__(self, photographs: Sequence[LayoutPhoto]) -> None:
        several: dict[str, list[Box]] = defaultdict(list)
        for one in photographs:
            for label, box in zip(one.labels, one.boxes, strict=True):
                several[label].append(box)
        every = in_units(torch.tensor([box for boxes in several.values() for box in boxes]))
        self.all = every.mean(0), every.std(0).clamp_min(self.LEAST)
        self.of = {}
        for label, own in several.items():
            if len(own) >= self.FEW:
                values = in_units(torch.tensor(own))
                self.of[label] = values.mean(0), values.std(0).clamp_min(self.LEAST)

    def mean(self, labels: Sequence[str]) -> Tensor:
        """Return the mean boxes [T, 4] in units."""
        return torch.stack([self.of.get(one, self.all)[0] for one in labels])

    def nats(self, labels: Sequence[str], boxes: Tensor) -> Tensor:
        """Return the negative log likelihood [T] of `boxes` [T, 4] in units."""
        scale = torch.stack([self.of.get(one, self.all)[1] for one in labels])
        off = (boxes - self.mean(labels)) / scale
        return (off.square() / 2 + scale.log() + math.log(2 * math.pi) / 2).sum(1)


def _overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of each pair of boxes [T, 4], [T]."""
    sides = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp_min(0)
    shared = sides.prod(1)
    areas = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1)
    return shared / (areas - shared).clamp_min(1e-9)

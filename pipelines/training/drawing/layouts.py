"""Training of the layouts: which boxes the things of a scene graph have.

An example is a photograph with the boxes of its things; each step says a few of the relations
that hold in it, and shows some of the boxes. The objective is the likelihood of the others. The
model folder gets model.safetensors, in eight bits, and config.json.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from graph_fusion.encoders.text import MiniLM
from graph_fusion.layout_model import (
    LayoutBatch,
    LayoutConfig,
    LayoutModel,
    in_units,
    layout_batch,
)
from graph_fusion.training import Objective, TrainingOptions, fit, save_model
from graph_fusion.weights import deterministic, shrunk
from kg.knowledge.memory import Knowledge
from kg.linking import Linker
from pipelines.datasets.splits import concept_part, for_choosing, in_part
from pipelines.drawing.tensors import LayoutReader
from pipelines.generate.layout_examples import (
    LayoutPhoto,
    read_layouts,
    said_at_random,
    training_layouts,
    training_photos,
    without_kinds,
)

SIDES = frozenset({"left", "right"})
"""Words of predicates that do not hold in the mirror image."""


@dataclass(frozen=True, slots=True)
class LayoutTraining(TrainingOptions):
    """How the layouts are trained.

    without: what the network does without (`graph_fusion.layout_model.WITHOUT`), and kinds:
        "seen" leaves out the kinds that `splits.concept_part` holds out, for the ablations.
    hidden, layers, components, dropout: as in `LayoutConfig`.
    """

    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warmup: float = 0.05
    average: float = 0.99
    hidden: int = 96
    layers: int = 3
    components: int = 4
    dropout: float = 0.1
    without: tuple[str, ...] = ()
    kinds: Literal["all", "seen"] = "all"


class LayoutObjective(Objective[LayoutModel, LayoutBatch]):
    """The negative log likelihood of the boxes that are not shown, in nats for a thing."""

    def __init__(self, reader: LayoutReader, texts: Tensor) -> None:
        self.reader, self.texts = reader, texts

    def collate(self, examples: list[LayoutPhoto]) -> LayoutBatch:
        chance = random.Random(random.random())
        graphs, boxes, placed = [], [], []
        for one in examples:
            things = len(one.labels)
            said = said_at_random(one, chance, chance.randint(0, 2 * things))
            sizes = [size if chance.random() < 0.5 else 0 for size in one.sizes]
            graphs.append(self.reader(one.labels, sizes, said, math.log(one.aspect)))
            corners = torch.tensor(one.boxes)
            sided = any(SIDES & set(name.split()) for _, name, _ in said)
            mirror = not sided and chance.random() < 0.5
            boxes.append(in_units(mirrored(corners) if mirror else corners))
            shown = torch.zeros(things, dtype=torch.bool)
            shown[chance.sample(range(things), chance.randrange(things))] = True
            placed.append(shown)
        return layout_batch(graphs, self.texts, boxes, placed)

    def loss(self, model: LayoutModel, batch: LayoutBatch) -> Tensor:
        return model.loss(batch)


def mirrored(boxes: Tensor) -> Tensor:
    """Return the boxes [N, 4] of the mirror image."""
    return torch.stack([1 - boxes[:, 2], boxes[:, 1], 1 - boxes[:, 0], boxes[:, 3]], dim=1)


@deterministic()
def train(
    data: Path,
    out: Path,
    options: LayoutTraining | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on the boxes of the part train, and write the model folder `out`.

    Resumes from the checkpoint in `out`/training. The best epoch on the part development is kept,
    and its figures are returned.

    Raises:
        SightGraphError: a data set is missing.
    """
    options = options or LayoutTraining()
    learned = training_layouts(data)
    development = for_choosing(in_part(read_layouts(data), "development"))
    if options.kinds == "seen":
        learned = without_kinds(learned, lambda label: concept_part(label) == "train")
    log(f"{len(learned)} photographs in train, {len(development)} in development")
    knowledge = Knowledge.bundled()
    reader = LayoutReader(knowledge, Linker(knowledge), options.without)
    for one in (*learned, *development):  # every text gets its row
        reader(one.labels, one.sizes, [*one.relations, *one.stated], 0.0)
    texts = reader.vectors(MiniLM())
    torch.manual_seed(options.seed)
    config = LayoutConfig(
        hidden=options.hidden,
        layers=options.layers,
        components=options.components,
        dropout=options.dropout,
        without=options.without,
    )
    model = LayoutModel(config)
    report = fit(
        model,
        LayoutObjective(reader, texts),
        learned,
        development,
        options.config(),
        out / "training",
        log,
        about=options.others(),
    )
    save_model(out, shrunk(model.state_dict()), model.as_json())
    return {name: value for name, value in report.figures.items() if isinstance(value, float)}


def training_records(data: Path) -> Sequence[LayoutPhoto]:
    """Return the photographs that are trained on; their captions need not be read for it."""
    return training_photos(data)

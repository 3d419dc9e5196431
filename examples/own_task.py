"""A task of your own: which colour is at the place that is asked for?

sightgraph bench fusion --task examples.own_task:PlacedColours --fusions early,joint --seeds 2
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion import FusionConfig, Masks, no_graph
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.heads.choice import ClosedHead
from graph_fusion.training import Figures, Objective, TrainingConfig
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, Prepared

PLACES, COLOURS = 4, 3


@dataclass(frozen=True, slots=True)
class Pictures:
    """Shapes: colours [B, 4], asked [B]: the place; numbers of colours and places."""

    colours: Tensor
    asked: Tensor

    @property
    def answers(self) -> Tensor:
        """The colour at the place that is asked for: [B]."""
        return self.colours.gather(1, self.asked.unsqueeze(1)).squeeze(1)


class Front(nn.Module):
    """One image token for each place, one text token for the question."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.colour = nn.Embedding(COLOURS, hidden)
        self.place = nn.Embedding(PLACES, hidden)

    def forward(self, batch: Pictures) -> Inputs:
        image = self.colour(batch.colours) + self.place.weight
        text = self.place(batch.asked).unsqueeze(1)
        there = [torch.ones(one.shape[:2], dtype=torch.bool) for one in (image, text)]
        return Inputs(image, text, no_graph(image), Masks(*there))


class PlacedColoursObjective(Objective[FusionModel, Pictures]):
    """Cross-entropy, and the share of right answers."""

    def collate(self, examples: Sequence[tuple[Tensor, Tensor]]) -> Pictures:
        colours, asked = zip(*examples, strict=True)
        return Pictures(torch.stack(colours), torch.stack(asked))

    def loss(self, model: FusionModel, batch: Pictures) -> tuple[Tensor, Figures]:
        return F.nll_loss(model(batch), batch.answers), {}

    def figures(self, model: FusionModel, batch: Pictures) -> Figures:
        right = model(batch).argmax(1) == batch.answers
        return {"accuracy": (right.sum(), len(right))}


class PlacedColours(BenchTask):
    """Generated; a fusion that only pools the image cannot solve it."""

    name = "placed-colours"
    needs_data = False
    sizes = FusionConfig(hidden=32, layers=1)
    training = TrainingConfig(epochs=10, batch_size=32, learning_rate=1e-2, watch=None)

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        drawn = torch.Generator().manual_seed(0)
        colours = torch.randint(COLOURS, (1000, PLACES), generator=drawn)
        asked = torch.randint(PLACES, (1000,), generator=drawn)
        examples = list(zip(colours, asked, strict=True))
        return Prepared(PlacedColoursObjective(), examples[:700], examples[700:800], examples[800:])

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        hidden = choice.sizes.hidden
        front, head = Front(hidden), ClosedHead(hidden, COLOURS)
        return FusionModel(front, choice.fusion, choice.sizes, head, choice.missing, choice.control)

"""Sort-of-CLEVR as a task: questions about six shapes, from pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.encoders import IMAGE_ENCODERS, ImageEncoder
from graph_fusion.encoders.features import SlotEncoder
from graph_fusion.fusion import FusionConfig, Masks, TokenGraph
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.heads.choice import ClosedHead
from graph_fusion.parts import make_part, name_and_options, side_of
from graph_fusion.training import Figures, Objective, TrainingConfig
from pipelines.bench.task import DEFAULT_CHOICE, BenchTask, ModelChoice, Prepared
from pipelines.datasets.splits import Divided
from pipelines.generate.sort_of_clevr import (
    ANSWERS,
    COLOURS,
    NON_RELATIONAL,
    WORDINGS,
    ShapesPicture,
    pictures,
)

EDGE_FEATURES = 4
"""Of a slot's place seen from another: right, down, distance and its square."""
RELATION_FEATURES = 1
"""There is one relation only: beside."""
NEAREST = 1e-6
"""Keeps the root's gradient finite where two slots are at one place."""


@dataclass(frozen=True, slots=True)
class ShapesBatch:
    """Pictures, each with Q questions.

    Shapes: pixels [P, 3, 75, 75] in [0, 1]; colours, wordings, answers [P, Q]
    """

    pixels: Tensor
    colours: Tensor
    wordings: Tensor
    answers: Tensor


class ShapesFront(nn.Module):
    """A picture as slots in a complete graph of their places; a question as one token.

    There is one slot for each word that names an object; the slot whose word the question says
    is marked, as a linker would. Where in the picture a slot looks is learnt from the answers
    alone. All questions of a picture share its slots; their words are counted.

    encoder: takes the place of the slots: its tokens, and their places, but no mark.
    side: pixels to which pictures are resized for it; None: as they are.
    """

    def __init__(
        self,
        hidden: int,
        channels: int = 32,
        encoder: ImageEncoder | None = None,
        side: int | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.side = encoder, side
        if encoder is None:
            self.slots = SlotEncoder(len(COLOURS), hidden, channels)
        else:
            self.look = nn.Linear(encoder.dim, hidden)
        self.words = nn.Linear(_bags().shape[1], hidden)
        if encoder is None:
            self.named = nn.Parameter(torch.randn(hidden) / 2)
        self.bags: Tensor
        self.register_buffer("bags", _bags(), persistent=False)

    def forward(self, batch: ShapesBatch) -> Inputs:
        tokens, centres, seen = self._see(batch.pixels)
        questions = batch.answers.shape[1]
        question = (batch.wordings * len(COLOURS) + batch.colours).flatten()
        text = torch.relu(self.words(self.bags[question])).unsqueeze(1)
        image = tokens.repeat_interleave(questions, dim=0)
        if self.encoder is None:
            named = F.one_hot(batch.colours.flatten(), len(COLOURS)).unsqueeze(2)
            image = image + named * self.named
        there = seen.repeat_interleave(questions, dim=0)
        text_mask = torch.ones(text.shape[:2], dtype=torch.bool, device=text.device)
        return Inputs(image, text, complete_graph(centres, questions), Masks(there, text_mask))

    def _see(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return tokens [P, K, H], their centres in [-1, 1] [P, K, 2], and their mask [P, K]."""
        if self.encoder is None:
            tokens, centres, _ = self.slots(pixels)
            there = torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
            return tokens, centres, there
        if self.side is not None:
            pixels = F.interpolate(pixels, (self.side, self.side), mode="bilinear")
        found = self.encoder(pixels)
        return self.look(found.values), 2 * found.centres / pixels.shape[-1] - 1, found.mask


def complete_graph(centres: Tensor, questions: int) -> TokenGraph:
    """Join every slot to every other, for each of a picture's questions (one text token each).

    Shapes: centres [P, K, 2]; the graph has P * questions * K * (K - 1) messages
    """
    pictures, slots, _ = centres.shape
    receiver, sender = (~torch.eye(slots, dtype=torch.bool)).nonzero(as_tuple=True)
    receiver, sender = receiver.to(centres.device), sender.to(centres.device)
    offset = centres[:, sender] - centres[:, receiver]
    squared = offset.square().sum(2, keepdim=True)
    features = torch.cat([offset, (squared + NEAREST).sqrt(), squared], dim=2)
    samples = pictures * questions
    first = torch.arange(samples, device=centres.device).unsqueeze(1) * (slots + 1)
    edges = samples * len(sender)
    none = torch.zeros(edges, dtype=torch.long, device=centres.device)
    return TokenGraph(
        senders=(first + sender).flatten(),
        receivers=(first + receiver).flatten(),
        weights=centres.new_ones(edges),
        relation=none,
        backward=none.bool(),
        relations=centres.new_ones(1, RELATION_FEATURES),
        features=features.repeat_interleave(questions, dim=0).flatten(0, 1),
    )


class ShapesObjective(Objective[FusionModel, ShapesBatch]):
    """Cross-entropy; accuracy apart for relational and other questions."""

    shares_batches = True

    def collate(self, examples: Sequence[ShapesPicture]) -> ShapesBatch:
        pixels = torch.from_numpy(np.stack([one.pixels for one in examples]))
        return ShapesBatch(
            pixels=pixels.permute(0, 3, 1, 2).float() / 255,
            colours=torch.from_numpy(np.stack([one.colours for one in examples])),
            wordings=torch.from_numpy(np.stack([one.wordings for one in examples])),
            answers=torch.from_numpy(np.stack([one.answers for one in examples])),
        )

    def loss(self, model: FusionModel, batch: ShapesBatch) -> tuple[Tensor, Figures]:
        return F.nll_loss(model(batch), batch.answers.flatten()), {}

    def figures(self, model: FusionModel, batch: ShapesBatch) -> Figures:
        hit = model(batch).argmax(1) == batch.answers.flatten()
        relational = batch.wordings.flatten() >= len(NON_RELATIONAL)
        return {
            "accuracy": (hit.sum(), len(hit)),
            "relational": (hit[relational].sum(), int(relational.sum())),
            "non-relational": (hit[~relational].sum(), int((~relational).sum())),
        }


def _bags() -> Tensor:
    """Return the word counts of all questions [wordings * colours, words]."""
    texts = [wording.format(colour) for wording in WORDINGS for colour in COLOURS]
    bags = [text.lower().rstrip("?").split() for text in texts]
    words = sorted({word for bag in bags for word in bag})
    return torch.tensor([[float(bag.count(word)) for word in words] for bag in bags])


TRAIN_SEED, VALIDATION_SEED, TEST_SEED = 1, 2, 3
"""Seeds of the pictures, so that the three parts never share one."""


class SortOfClevr(BenchTask):
    """Six coloured shapes, from pixels; relational and other questions."""

    name = "sort-of-clevr"
    measures = ("accuracy", "relational", "non-relational")
    published = "Relation Networks: above 94 both; CNN + MLP: 63 relational (Santoro et al., 2017)"
    needs_data = False
    sizes = FusionConfig(
        hidden=64,
        layers=3,
        dropout=0.0,
        relation_features=RELATION_FEATURES,
        edge_features=EDGE_FEATURES,
    )
    training = TrainingConfig(
        epochs=18,
        batch_size=32,
        learning_rate=2e-3,
        warmup=0.05,
        watch="accuracy",
        watch_for="max",
    )
    configurable = ("image_encoder", "layer")
    amounts = (9800, 200, 1000)
    """Pictures of train, validation and test; the published set has 9,800 and 200."""

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        seeds = (TRAIN_SEED, VALIDATION_SEED, TEST_SEED)
        train, validation, test = (
            list(pictures(n, seed)) for n, seed in zip(self.amounts, seeds, strict=True)
        )
        return Prepared(ShapesObjective(), train, validation, test)

    def training_records(self, data: Path) -> Sequence[Divided]:
        return ()  # the pictures are generated, with another seed for each part

    def model(self, choice: ModelChoice, prepared: Prepared) -> nn.Module:
        hidden, encoder, side = choice.sizes.hidden, None, None
        if choice.image_encoder is not None:
            name, options = name_and_options(choice.image_encoder, IMAGE_ENCODERS.kind)
            side = side_of(options, None)
            encoder = make_part(IMAGE_ENCODERS, {"name": name, **options})
        return FusionModel(
            ShapesFront(hidden, encoder=encoder, side=side),
            choice.fusion,
            choice.sizes,
            ClosedHead(hidden, len(ANSWERS)),
            choice.missing,
            choice.control,
        )

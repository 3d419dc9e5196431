"""Sort-of-CLEVR from pixels: the model's two ends, and what is learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.encoders.features import SlotEncoder
from graph_fusion.fusion import Fused, Masks, TokenGraph
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.heads.base import mlp, predict
from graph_fusion.training import Figures, Objective
from pipelines.generate.sort_of_clevr import (
    ANSWERS,
    COLOURS,
    NON_RELATIONAL,
    WORDINGS,
    ShapesPicture,
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
    """

    def __init__(self, hidden: int, channels: int = 32) -> None:
        super().__init__()
        self.slots = SlotEncoder(len(COLOURS), hidden, channels)
        self.words = nn.Linear(_bags().shape[1], hidden)
        self.named = nn.Parameter(torch.randn(hidden) / 2)
        self.bags: Tensor
        self.register_buffer("bags", _bags(), persistent=False)

    def forward(self, batch: ShapesBatch) -> Inputs:
        tokens, centres, _ = self.slots(batch.pixels)
        questions = batch.answers.shape[1]
        question = (batch.wordings * len(COLOURS) + batch.colours).flatten()
        text = torch.relu(self.words(self.bags[question])).unsqueeze(1)
        named = F.one_hot(batch.colours.flatten(), len(COLOURS)).unsqueeze(2)
        image = tokens.repeat_interleave(questions, dim=0) + named * self.named
        there = torch.ones(image.shape[:2], dtype=torch.bool, device=image.device)
        said = torch.ones(text.shape[:2], dtype=torch.bool, device=text.device)
        return Inputs(image, text, complete_graph(centres, questions), Masks(there, said))


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


class ClosedAnswer(nn.Module):
    """Log-probabilities over the closed list of answers [B, A]."""

    def __init__(self, hidden: int, answers: int = len(ANSWERS)) -> None:
        super().__init__()
        self.score = mlp(hidden, hidden, answers)

    def forward(self, fused: Fused, inputs: Inputs) -> Tensor:
        return predict(self.score, fused)


class ShapesObjective(Objective[FusionModel, ShapesBatch]):
    """Cross-entropy; accuracy apart for relational and other questions."""

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

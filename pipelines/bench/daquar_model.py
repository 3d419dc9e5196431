"""DAQUAR from pixels: the model's front and head, its objective and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion import Fused, Masks, TokenGraph
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.heads.base import mlp
from graph_fusion.heads.choice import NamedAnswers
from graph_fusion.training import Figures, Objective
from pipelines.bench.daquar_inputs import (
    CELLS,
    COLOUR_FEATURES,
    COLUMNS,
    OBJECT_FEATURES,
    OBJECTS,
    ROWS,
)
from pipelines.evaluate.answering.wups import Nouns, wups

TEXT_FEATURES = 384
TEXTS = 2
"""Text tokens: the mean of the question's word pieces, and its first."""
SEEN = 1 + CELLS + OBJECTS
"""Image tokens: the whole photograph, its cells, its objects."""
RELATIONS = ("left of", "above", "in")
"""Between cells beside each other, and from an object to the cells under it."""
PLACE_FEATURES = 4
FIRST_BONUS = 0.3
FIRST_SCALE = 30.0
"""What a cosine with an answer's name counts at the start; from 16 it rises too slowly."""
SCORE = 5
"""Where an object's features hold the detector's score."""
EDGE_FEATURES = 1
THRESHOLDS = (0.9, 0.0)
MIRRORED = 0.5


@dataclass(frozen=True, slots=True)
class RoomTables:
    """Tables whose rows the examples index.

    Shapes (Q texts, N photographs, K words, L labels, R relations):
        texts [Q, 2, 384]; scores [N, 35, K], colours [N, 35, 14], objects [N, 8, 17]
        labels [N, 8]: row of `names` or -1; names [L, 384]; relations [3, 384]
    """

    texts: Tensor
    scores: Tensor
    colours: Tensor
    objects: Tensor
    labels: Tensor
    names: Tensor
    relations: Tensor


@dataclass(frozen=True, slots=True)
class RoomExample:
    """One question: rows of the tables, and the right answer.

    text, mirrored: the question as it is, and with left and right exchanged.
    named [8]: which objects' labels the question contains, bool.
    answer: row of the closed list, -1 where it is not in it.
    """

    text: int
    mirrored: int
    photograph: int
    named: Tensor
    answer: int
    answers: frozenset[str]


@dataclass(frozen=True, slots=True)
class RoomBatch:
    """Examples as tensors.

    Shapes: texts, mirrored [B, 2, 384]; scores [B, 35, K]; colours [B, 35, 14];
        objects [B, 8, 17]; labels [B, 8, 384]; named, there [B, 8] bool; answer [B];
        relations [3, 384]
    """

    texts: Tensor
    mirrored: Tensor
    scores: Tensor
    colours: Tensor
    objects: Tensor
    labels: Tensor
    named: Tensor
    there: Tensor
    answer: Tensor
    relations: Tensor
    answers: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class RoomInputs(Inputs):
    """The tokens, and the words' scores at each image token [B, I, K], which the head reads."""

    scores: Tensor


class RoomFront(nn.Module):
    """A photograph as one token for the whole, one for each cell, one for each object.

    In training every second photograph is mirrored, and its question with it.

    words: K; dropout: of scores and features, against overfitting to rooms.
    """

    def __init__(self, words: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.whole = nn.Linear(words, hidden)
        self.cell = nn.Linear(words + COLOUR_FEATURES + PLACE_FEATURES, hidden)
        self.label = nn.Linear(TEXT_FEATURES, hidden)
        self.look = nn.Linear(OBJECT_FEATURES + 1, hidden)
        self.text = nn.ModuleList(nn.Linear(TEXT_FEATURES, hidden) for _ in range(TEXTS))
        self.dropout = nn.Dropout(dropout)
        self.places: Tensor
        self.register_buffer("places", cell_places(), persistent=False)

    def forward(self, batch: RoomBatch) -> RoomInputs:
        if self.training:
            drawn = torch.rand(len(batch.texts), device=batch.texts.device)
            batch = mirror(batch, drawn < MIRRORED)
        places = self.places.expand(len(batch.scores), -1, -1)
        scores = self.dropout(batch.scores)
        image = torch.cat(
            [
                self.whole(scores.mean(1, keepdim=True)),
                self.cell(torch.cat([scores, batch.colours, places], dim=2)),
                self.label(self.dropout(batch.labels))
                + self.look(torch.cat([batch.objects, batch.named.unsqueeze(2).float()], dim=2)),
            ],
            dim=1,
        )
        text = torch.stack(
            [layer(self.dropout(batch.texts[:, i])) for i, layer in enumerate(self.text)], dim=1
        )
        always = batch.there.new_ones(len(batch.there), 1 + CELLS)
        masks = Masks(torch.cat([always, batch.there], dim=1), always[:, :TEXTS])
        pointed = torch.cat([batch.scores.mean(1, keepdim=True), batch.scores], dim=1)
        pointed = F.pad(pointed, (0, 0, 0, OBJECTS))
        graph = room_graph(batch, self.places)
        return RoomInputs(torch.relu(image), torch.relu(text), graph, masks, pointed)


class RoomAnswers(nn.Module):
    """Log-probabilities over the closed list [B, A].

    The pooled vector is compared with the answers' names. Where the readout attends, the scores of
    the words found there are added, scaled by a learnt gate.

    Shapes:
        names [A, 384], often [A]: as `NamedAnswers`
        rows [K]: the answer that each word is
    """

    def __init__(
        self, hidden: int, names: Tensor, often: Tensor, rows: Tensor, dropout: float
    ) -> None:
        super().__init__()
        self.out = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(hidden, names.shape[1]), nn.LayerNorm(names.shape[1])
        )
        self.names = NamedAnswers(names, often, dropout)
        nn.init.constant_(self.names.scale, FIRST_SCALE)
        self.gate = mlp(hidden, hidden, 1)
        self.bonus = nn.Parameter(torch.full((len(rows),), FIRST_BONUS))
        self.rows: Tensor
        self.register_buffer("rows", rows)

    def forward(self, fused: Fused, inputs: RoomInputs) -> Tensor:
        logits = self.names.logits(self.out(fused.pooled))
        looked = fused.weights.get("readout")
        if looked is not None:
            there = (looked.unsqueeze(1) @ inputs.scores).squeeze(1)
            bonus = there * self.bonus * torch.sigmoid(self.gate(fused.pooled))
            logits = logits.index_add(1, self.rows, bonus)
        return logits.log_softmax(dim=1)


class RoomObjective(Objective[FusionModel, RoomBatch]):
    """Cross-entropy over the closed list; accuracy of whole answers, and WUPS where it can.

    answers: the closed list, each a set of words. nouns: None: WUPS is not measured.
    """

    def __init__(
        self,
        tables: RoomTables,
        answers: Sequence[frozenset[str]],
        nouns: Nouns | None = None,
    ) -> None:
        self.tables = tables
        self.closed = answers
        self.nouns = nouns

    def collate(self, examples: Sequence[RoomExample]) -> RoomBatch:
        tables = self.tables
        photographs = torch.tensor([one.photograph for one in examples])
        labels = tables.labels[photographs]
        there = labels >= 0
        return RoomBatch(
            texts=tables.texts[[one.text for one in examples]],
            mirrored=tables.texts[[one.mirrored for one in examples]],
            scores=tables.scores[photographs],
            colours=tables.colours[photographs],
            objects=tables.objects[photographs],
            labels=tables.names[labels.clamp_min(0)] * there.unsqueeze(2),
            named=torch.stack([one.named for one in examples]),
            there=there,
            answer=torch.tensor([one.answer for one in examples]),
            relations=tables.relations,
            answers=tuple(one.answers for one in examples),
        )

    def loss(self, model: FusionModel, batch: RoomBatch) -> tuple[Tensor, Figures]:
        known = batch.answer >= 0
        logs = model(batch)[known]
        if not len(logs):
            return logs.sum(), {}
        return F.nll_loss(logs, batch.answer[known]), {}

    def answers(self, model: FusionModel, batch: RoomBatch) -> list[frozenset[str]]:
        """Return the best answer of the closed list to each question of the batch."""
        return [self.closed[row] for row in model(batch).argmax(1).tolist()]

    def figures(self, model: FusionModel, batch: RoomBatch) -> Figures:
        pairs = list(zip(self.answers(model, batch), batch.answers, strict=True))
        single = [given == right for given, right in pairs if len(right) == 1]
        figures: dict[str, tuple[float | Tensor, int]] = {
            "accuracy": (sum(given == right for given, right in pairs), len(pairs)),
            "accuracy, single answers": (sum(single), len(single)),
        }
        if self.nouns is not None:
            for threshold in THRESHOLDS:
                near = sum(wups(self.nouns, given, right, threshold) for given, right in pairs)
                figures[f"WUPS {threshold}"] = (near, len(pairs))
        return figures


def mirror(batch: RoomBatch, chosen: Tensor) -> RoomBatch:
    """Return the batch with the `chosen` [B] samples mirrored: cells, boxes, left and right."""
    backwards = torch.arange(CELLS, device=chosen.device).view(ROWS, COLUMNS).flip(1).flatten()
    cells = chosen[:, None, None]
    flipped = batch.objects.clone()
    flipped[..., 0], flipped[..., 2] = 1 - batch.objects[..., 2], 1 - batch.objects[..., 0]
    return replace(
        batch,
        texts=torch.where(cells, batch.mirrored, batch.texts),
        scores=torch.where(cells, batch.scores[:, backwards], batch.scores),
        colours=torch.where(cells, batch.colours[:, backwards], batch.colours),
        objects=torch.where(cells, flipped, batch.objects),
    )


def cell_places() -> Tensor:
    """Return x, y and their squares of each cell's middle, in [-1, 1]: [35, 4]."""
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, ROWS), torch.linspace(-1, 1, COLUMNS), indexing="ij"
    )
    return torch.stack([x, y, x.square(), y.square()], dim=2).flatten(0, 1)


def room_graph(batch: RoomBatch, places: Tensor) -> TokenGraph:
    """Join cells that are beside each other, and objects with the cells under their boxes.

    Every edge stands twice, forward and backward; its one feature is the object's score, or 1.
    """
    device = batch.scores.device
    beside, kind = _beside(device)
    samples, length = len(batch.scores), SEEN + TEXTS
    first = torch.arange(samples, device=device) * length
    everywhere = (beside.unsqueeze(1) + first.unsqueeze(1)).flatten(1)
    middle = (places[:, :2] + 1) / 2
    low, high = batch.objects[..., None, :2], batch.objects[..., None, 2:4]
    under = ((middle >= low) & (middle <= high)).all(3) & batch.there.unsqueeze(2)
    sample, thing, cell = under.nonzero(as_tuple=True)
    within = torch.stack([1 + CELLS + thing, 1 + cell]) + first[sample]
    ends = torch.cat([everywhere, within], dim=1)
    relation = torch.cat([kind.repeat(samples), torch.full_like(sample, 2)])
    sure = batch.objects[sample, thing, SCORE]
    sure = torch.cat([sure.new_ones(everywhere.shape[1]), sure])
    return TokenGraph(
        senders=torch.cat([ends[0], ends[1]]),
        receivers=torch.cat([ends[1], ends[0]]),
        weights=torch.ones_like(sure).repeat(2),
        relation=relation.repeat(2),
        backward=torch.arange(2 * len(sure), device=device) >= len(sure),
        relations=batch.relations,
        features=sure.repeat(2).unsqueeze(1),
    )


def _beside(device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the tokens of cells beside each other [2, E], and which relation joins them [E]."""
    tokens = 1 + torch.arange(CELLS, device=device).view(ROWS, COLUMNS)
    left = torch.stack([tokens[:, :-1].flatten(), tokens[:, 1:].flatten()])
    above = torch.stack([tokens[:-1].flatten(), tokens[1:].flatten()])
    ends = torch.cat([left, above], dim=1)
    return ends, (torch.arange(ends.shape[1], device=device) >= left.shape[1]).long()

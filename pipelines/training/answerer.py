"""Fitting the answerer: its loss, its steps, its checkpoints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion import training
from graph_fusion.heads.graph import COUNT, POINTER, YES_NO, Scores
from graph_fusion.model import GraphAnswerer
from graph_fusion.tensors import EDGE_KINDS, Batch, collate, segment_max, segment_sum
from graph_fusion.training import Objective, TrainingOptions
from kg.vocabulary import EdgeKind
from pipelines.training.answerer_examples import Example

PATH_WEIGHT = 0.3
"""Weight of the loss that teaches the gates which edges lead to the answer."""


@dataclass(frozen=True, slots=True)
class AnswererTraining(TrainingOptions):
    """How the answerer is trained; the learning rate falls to zero along a cosine."""

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    questions: int = 2
    """Questions written about each photograph."""
    asked: int = 3000
    """Questions that people asked (`pipelines.training.answerer_examples`), at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Examples, and their graphs and questions as one batch."""

    examples: list[Example]
    batch: Batch


class AnswererObjective(Objective[GraphAnswerer, Asked]):
    """The right node, yes/no, count and route, and gates on the path; `texts` as in `Batch`."""

    def __init__(self, texts: Tensor) -> None:
        self.texts = texts

    def collate(self, examples: list[Example]) -> Asked:
        return Asked(examples, collate([one.tensors for one in examples], self.texts))

    def loss(self, model: GraphAnswerer, batch: Asked) -> Tensor:
        return _loss(model, batch.batch, batch.examples)


def fit(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    options: AnswererTraining,
    run: Path,
    log: Callable[[str], None] = print,
) -> GraphAnswerer:
    """Train `model` on `examples`; goes on from the checkpoint in `run`/training, if any."""
    training.fit(
        model,
        AnswererObjective(texts),
        examples,
        [],
        options.config(),
        run / "training",
        log,
        about=options.others(),
    )
    return model.eval()


def batch_loss(model: GraphAnswerer, examples: Sequence[Example], texts: Tensor) -> Tensor:
    """Return the mean loss: right node, yes/no, count and route, and gates on the path."""
    return _loss(model, collate([one.tensors for one in examples], texts), examples)


def _loss(model: GraphAnswerer, batch: Batch, examples: Sequence[Example]) -> Tensor:
    scores, fused = model(batch)
    route = torch.tensor([one.route for one in examples], device=scores.route.device)
    yes_no = torch.tensor([one.yes_no for one in examples], device=scores.route.device)
    loss = F.cross_entropy(scores.route, route)
    loss = loss + pointer_loss(scores, batch, examples, route == POINTER)
    if (route == YES_NO).any():
        loss = loss + F.cross_entropy(scores.yes_no[route == YES_NO], yes_no[route == YES_NO])
    loss = loss + _count_loss(scores, batch, examples, route == COUNT)
    path = torch.cat([one.path for one in examples])
    opened = fused.weights["gates"].amax(dim=1).clamp(1e-6, 1 - 1e-6)
    weight = torch.where(path > 0, 4.0, 0.25) * (path >= 0)  # below 0: nobody knows the way
    return loss + PATH_WEIGHT * F.binary_cross_entropy(opened, path.clamp_min(0), weight)


def pointer_loss(
    scores: Scores, batch: Batch, examples: Sequence[Example], asked: Tensor
) -> Tensor:
    """-log of the probability of all right nodes together, or of none where there is none."""
    if not asked.any():
        return scores.node.new_zeros(())
    right = torch.cat([one.answers for one in examples])
    everything = _log_sum(scores.node, batch, scores.none)
    on_right = _log_sum(scores.node.masked_fill(~right, -1e4), batch, None)
    answered = segment_sum(right.float(), batch.graph_of_node, batch.size) > 0
    gained = torch.where(answered, on_right, scores.none)
    return (everything - gained)[asked].mean()


def _log_sum(logits: Tensor, batch: Batch, none: Tensor | None) -> Tensor:
    """Return log of the sum of exp of each graph's node logits, and of `none` with them: [B]."""
    most = segment_max(logits.detach(), batch.graph_of_node, batch.size)
    if none is not None:
        most = torch.maximum(most, none.detach())
    shifted = (logits - most[batch.graph_of_node]).exp()
    total = segment_sum(shifted, batch.graph_of_node, batch.size)
    if none is not None:
        total = total + (none - most).exp()
    return most + total.clamp_min(1e-30).log()


def _count_loss(scores: Scores, batch: Batch, examples: Sequence[Example], asked: Tensor) -> Tensor:
    counted = torch.cat([one.counted for one in examples])
    countable = torch.cat([one.countable for one in examples])
    use = asked[batch.graph_of_node] & countable
    if not use.any():
        return scores.node.new_zeros(())
    return F.binary_cross_entropy_with_logits(scores.counted[use], counted[use].float())


@torch.no_grad()
def measure(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    without: EdgeKind | None = None,
) -> dict[str, float]:
    """Return the share of right answers by kind of question, and "all".

    without: leave out the edges of this kind: a control that shows whether they are used.
    """
    model.eval()
    right: dict[str, list[bool]] = defaultdict(list)
    for start in range(0, len(examples), 64):
        chosen = examples[start : start + 64]
        if without is not None:
            chosen = [_drop_edges(one, without) for one in chosen]
        batch = collate([one.tensors for one in chosen], texts)
        scores, _ = model(batch)
        for number, one in enumerate(chosen):
            good = _is_right(scores, batch, number, one)
            right[one.kind].append(good)
            right["all"].append(good)
    return {kind: sum(values) / len(values) for kind, values in sorted(right.items())}


@torch.no_grad()
def calibrate(model: GraphAnswerer, examples: Sequence[Example], texts: Tensor) -> None:
    """Fit one temperature for each kind of logit on held-out questions (Guo et al., ICML 2017)."""
    grid = [0.5 * 1.1**i for i in range(24)]
    losses = torch.zeros(3, len(grid), dtype=torch.float64)
    for start in range(0, len(examples), 64):
        chosen = examples[start : start + 64]
        batch = collate([one.tensors for one in chosen], texts)
        scores, _ = model(batch)
        route = torch.tensor([one.route for one in chosen])
        yes_no = torch.tensor([one.yes_no for one in chosen])
        for column, temperature in enumerate(grid):
            cooled = replace(scores, node=scores.node / temperature, none=scores.none / temperature)
            asked = route == POINTER
            losses[0, column] += pointer_loss(cooled, batch, chosen, asked) * asked.sum()
            if (route == YES_NO).any():
                logits = scores.yes_no[route == YES_NO] / temperature
                losses[1, column] += F.cross_entropy(
                    logits, yes_no[route == YES_NO], reduction="sum"
                )
            losses[2, column] += F.cross_entropy(scores.route / temperature, route, reduction="sum")
    best = losses.argmin(dim=1).tolist()
    pointer, decision, way = (round(grid[i], 4) for i in best)
    model.config = replace(model.config, temperatures=(pointer, decision, way))


def _is_right(scores: Scores, batch: Batch, number: int, example: Example) -> bool:
    if int(scores.route[number].argmax()) != example.route:
        return False
    mine = batch.graph_of_node == number
    if example.route == YES_NO:
        return int(scores.yes_no[number].argmax()) == example.yes_no
    if example.route == COUNT:
        chosen = (scores.counted[mine] > 0) & example.countable
        return int(chosen.sum()) == int(example.counted.sum())
    nodes = scores.node[mine]
    if scores.none[number] > nodes.max():
        return not bool(example.answers.any())
    return bool(example.answers[nodes.argmax()])


def _drop_edges(example: Example, kind: EdgeKind) -> Example:
    tensors = example.tensors
    keep = tensors.edge_features[:, EDGE_KINDS.index(kind)] == 0
    left = replace(
        tensors,
        senders=tensors.senders[keep],
        receivers=tensors.receivers[keep],
        relation=tensors.relation[keep],
        edge_features=tensors.edge_features[keep],
    )
    return replace(example, tensors=left, path=example.path[keep])

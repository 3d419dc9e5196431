"""Scoring and calibrating the answerer on examples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.heads.graph import COUNT, POINTER, YES_NO, Scores
from graph_fusion.model import GraphAnswerer
from graph_fusion.tensors import EDGE_KINDS, Batch, collate
from kg.vocabulary import EdgeKind
from pipelines.tasks.answerer_data import Example
from pipelines.tasks.answerer_training import pointer_loss


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

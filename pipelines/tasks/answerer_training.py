"""Fitting the answerer: its loss, its steps, its checkpoints."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import track
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.determinism import deterministic
from graph_fusion.heads import COUNT, POINTER, YES_NO, Scores, segment_max, segment_sum
from graph_fusion.model import GraphAnswerer
from graph_fusion.tensors import Batch, collate
from kg.files import atomic_path
from pipelines.tasks.answerer_data import Example

PATH_WEIGHT = 0.3
"""Weight of the loss that teaches the gates which edges lead to the answer."""


@dataclass(frozen=True, slots=True)
class AnswererTraining:
    """How the answerer is trained; the learning rate falls to zero along a cosine."""

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    questions: int = 2
    """Questions written about each photograph."""
    seed: int = 0


@deterministic()
def fit(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    config: AnswererTraining,
    run: Path,
    log: Callable[[str], None] = print,
) -> GraphAnswerer:
    """Train `model` on `examples`; continues from `run`/checkpoint.pt when there is one.

    After each epoch the checkpoint holds everything that the rest depends on, so that a
    killed and resumed training ends with the same weights.
    """
    torch.manual_seed(config.seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), config.learning_rate, weight_decay=config.weight_decay
    )
    steps = config.epochs * -(-len(examples) // config.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    first = _resume(model, optimizer, schedule, run)
    for epoch in range(first, config.epochs):
        torch.manual_seed(config.seed * 1000 + epoch)
        order = list(range(len(examples)))
        random.Random(config.seed * 1000 + epoch).shuffle(order)
        model.train()
        total, seen = 0.0, 0
        starts = range(0, len(order), config.batch_size)
        for start in track(starts, f"epoch {epoch + 1} of {config.epochs}"):
            chosen = [examples[i] for i in order[start : start + config.batch_size]]
            loss = batch_loss(model, chosen, texts)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total, seen = total + float(loss.detach()), seen + 1
        log(f"epoch {epoch + 1}: mean loss {total / max(seen, 1):.4f}")
        _checkpoint(model, optimizer, schedule, epoch + 1, run)
    return model.eval()


def batch_loss(model: GraphAnswerer, examples: Sequence[Example], texts: Tensor) -> Tensor:
    """Return the mean loss: right node, yes/no, count and route, and gates on the path."""
    batch = collate([one.tensors for one in examples], texts)
    scores, fused = model(batch)
    route = torch.tensor([one.route for one in examples])
    yes_no = torch.tensor([one.yes_no for one in examples])
    loss = F.cross_entropy(scores.route, route)
    loss = loss + pointer_loss(scores, batch, examples, route == POINTER)
    if (route == YES_NO).any():
        loss = loss + F.cross_entropy(scores.yes_no[route == YES_NO], yes_no[route == YES_NO])
    loss = loss + _count_loss(scores, batch, examples, route == COUNT)
    path = torch.cat([one.path for one in examples])
    opened = fused.gates.amax(dim=1).clamp(1e-6, 1 - 1e-6)
    weight = torch.where(path > 0, 4.0, 0.25)
    return loss + PATH_WEIGHT * F.binary_cross_entropy(opened, path, weight)


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


def _checkpoint(
    model: GraphAnswerer,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    epoch: int,
    run: Path,
) -> None:
    run.mkdir(parents=True, exist_ok=True)
    model.save(run)
    state = {
        "epoch": epoch,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
    }
    with atomic_path(run / "checkpoint.pt") as path:
        torch.save(state, path)


def _resume(
    model: GraphAnswerer,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    run: Path,
) -> int:
    """Load `run`'s checkpoint, if there is one; return the epoch to go on with."""
    file = run / "checkpoint.pt"
    if not file.is_file():
        return 0
    state = torch.load(file, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return int(state["epoch"])

"""Training and measuring the answerer on generated questions."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.progress import track
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.encoders.text import TextEncoder
from graph_fusion.heads import COUNT, POINTER, YES_NO, Scores, segment_max, segment_sum
from graph_fusion.model import GraphAnswerer, ModelConfig
from graph_fusion.tensors import EDGE_KINDS, Batch, TextTable, collate
from kg.files import atomic_path, write_text
from kg.knowledge import Knowledge
from kg.vocabulary import EdgeKind
from pipelines.build import GraphBuilder
from pipelines.detectors import Detector
from pipelines.parse import Parser
from pipelines.tasks.answerer_data import (
    Example,
    ExampleMaker,
    detected_pictures,
    teacher_pictures,
)

PATH_WEIGHT = 0.3
"""Weight of the loss that teaches the gates which edges lead to the answer."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the answerer is trained; the learning rate falls to zero along a cosine."""

    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    questions: int = 3
    """Questions written about each photograph."""
    seed: int = 0


def train(
    data: Path,
    out: Path,
    options: TrainingConfig | None = None,
    detector: Detector | None = None,
    base: Path | None = None,
) -> dict[str, float]:
    """Train on questions about the photographs of `data`; write model and report to `out`.

    detector: finds the objects and gives region features; without one, the boxes of
    `teacher_boxes.json.gz` are used, without features. base: a model folder to start from.
    Returns the report: shares of right answers on held-out photographs, concepts, wordings.

    Raises:
        SightGraphError: `data` lacks what is needed.
    """
    options = options or TrainingConfig()
    torch.manual_seed(options.seed)
    model = GraphAnswerer.load(base) if base else GraphAnswerer(ModelConfig())
    table = TextTable()
    builder = GraphBuilder(Knowledge.bundled())
    regions = model.config.region_features
    maker = ExampleMaker(builder, Parser(), table, regions, options.seed)
    pictures = teacher_pictures(data)
    if detector is not None:
        names = [picture.name for picture in pictures]
        pictures = list(track(detected_pictures(data, names, detector), "detecting", len(names)))
    examples = [
        example
        for picture in track(pictures, "writing questions")
        for example in maker.examples(picture, options.questions)
    ]
    encoder = TEXT_ENCODERS.make(model.config.text_encoder)
    out.mkdir(parents=True, exist_ok=True)
    texts = encode(table, encoder, out / "texts.safetensors")
    held = [one for one in examples if one.validation]
    seen = [one for one in examples if not one.validation]
    fit(model, seen, texts, options, out)
    calibrate(model, held, texts)
    model.save(out)
    report = {"training questions": float(len(seen)), "held-out questions": float(len(held))}
    report |= {f"accuracy, {k}": v for k, v in measure(model, held, texts).items()}
    for kind in EdgeKind:
        report[f"accuracy without {kind} edges"] = measure(model, held, texts, kind)["all"]
    write_text(out / "report.json", json.dumps(report, indent=1) + "\n")
    return report


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
            losses[0, column] += _pointer_loss(cooled, batch, chosen, asked) * asked.sum()
            if (route == YES_NO).any():
                logits = scores.yes_no[route == YES_NO] / temperature
                losses[1, column] += F.cross_entropy(
                    logits, yes_no[route == YES_NO], reduction="sum"
                )
            losses[2, column] += F.cross_entropy(scores.route / temperature, route, reduction="sum")
    best = losses.argmin(dim=1).tolist()
    pointer, decision, way = (round(grid[i], 4) for i in best)
    model.config = replace(model.config, temperatures=(pointer, decision, way))


def encode(table: TextTable, encoder: TextEncoder, cache: Path | None = None) -> Tensor:
    """Return the vectors [T, D] of all texts of `table`; `cache` keeps them between runs."""
    texts = table.texts()
    if cache is not None and cache.is_file():
        kept = load_file(cache)["vectors"]
        names = json.loads(cache.with_suffix(".json").read_text())
        if names == texts:
            return kept
    vectors = torch.cat(
        [
            encoder(texts[start : start + 256])
            for start in track(range(0, len(texts), 256), "encoding texts")
        ]
    )
    if cache is not None:
        with atomic_path(cache) as path:
            save_file({"vectors": vectors}, path)
        cache.with_suffix(".json").write_text(json.dumps(texts))
    return vectors


def fit(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    config: TrainingConfig,
    run: Path,
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
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total, seen = total + float(loss.detach()), seen + 1
        print(f"epoch {epoch + 1}: mean loss {total / max(seen, 1):.4f}", flush=True)
        _checkpoint(model, optimizer, schedule, epoch + 1, run)
    return model.eval()


def batch_loss(model: GraphAnswerer, examples: Sequence[Example], texts: Tensor) -> Tensor:
    """Return the mean loss: right node, yes/no, count and route, and gates on the path."""
    batch = collate([one.tensors for one in examples], texts)
    scores, fused = model(batch)
    route = torch.tensor([one.route for one in examples])
    yes_no = torch.tensor([one.yes_no for one in examples])
    loss = F.cross_entropy(scores.route, route)
    loss = loss + _pointer_loss(scores, batch, examples, route == POINTER)
    if (route == YES_NO).any():
        loss = loss + F.cross_entropy(scores.yes_no[route == YES_NO], yes_no[route == YES_NO])
    loss = loss + _count_loss(scores, batch, examples, route == COUNT)
    path = torch.cat([one.path for one in examples])
    opened = fused.gates.amax(dim=1).clamp(1e-6, 1 - 1e-6)
    weight = torch.where(path > 0, 4.0, 0.25)
    return loss + PATH_WEIGHT * F.binary_cross_entropy(opened, path, weight)


def _pointer_loss(
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


__all__ = ["ModelConfig", "TrainingConfig", "batch_loss", "encode", "fit", "measure"]

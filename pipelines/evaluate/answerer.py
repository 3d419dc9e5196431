"""The answerer on the generated questions that training holds out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from graph_fusion.encoders import TEXT_ENCODERS
from graph_fusion.encoders.text import encode_once
from graph_fusion.heads.graph import COUNT, YES_NO, Scores
from graph_fusion.model import GraphAnswerer
from graph_fusion.tensors import EDGE_KINDS, Batch, collate
from kg.files import bundled
from kg.vocabulary import EdgeKind
from pipelines.detectors import Detector
from pipelines.generate.answerer_examples import (
    Example,
    generated_examples,
    read_pictures,
)

BATCH = 64


def evaluate(
    data: Path,
    model: Path | None = None,
    detector: Detector | None = None,
    questions: int = 2,
    seed: int = 0,
) -> dict[str, float]:
    """Return `scores` of a model folder (the bundled one) on what every training holds out.

    questions: generated for each photograph, with this `seed`.
    """
    loaded = GraphAnswerer.load(model or bundled("models", "answerer"))
    pictures = read_pictures(data, detector)
    examples, table = generated_examples(pictures, loaded.config, questions, seed)
    held = [one for one in examples if one.validation]
    texts = encode_once(table.texts(), TEXT_ENCODERS.make(loaded.config.text_encoder))
    return scores(loaded, held, texts)


def scores(model: GraphAnswerer, held: Sequence[Example], texts: Tensor) -> dict[str, float]:
    """Return the share of right answers by kind of question, and with kinds of edges left out."""
    report = {"held-out questions": float(len(held))}
    report |= {f"accuracy, {kind}": share for kind, share in measure(model, held, texts).items()}
    for kind in EdgeKind:
        report[f"accuracy without {kind} edges"] = measure(model, held, texts, kind)["all"]
    return report


@torch.no_grad()
def measure(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    without: EdgeKind | None = None,
) -> dict[str, float]:
    """Return the share of right answers by kind of question, and "all".

    without: a control: the edges of this kind are left out.
    """
    model.eval()
    right: dict[str, list[bool]] = defaultdict(list)
    for start in range(0, len(examples), BATCH):
        chosen = examples[start : start + BATCH]
        if without is not None:
            chosen = [_drop_edges(one, without) for one in chosen]
        batch = collate([one.tensors for one in chosen], texts)
        found, _ = model(batch)
        for number, one in enumerate(chosen):
            good = _is_right(found, batch, number, one)
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

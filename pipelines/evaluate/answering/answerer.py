"""The answerer on the generated questions that training holds out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from pipelines.datasets.splits import in_part
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.answerer_examples import (
    Example,
    Picture,
    generated_examples,
    read_pictures,
)
from pipelines.sightgraph import SightGraph

BATCH = 64


@dataclass(frozen=True, slots=True)
class AnswererEvaluator:
    """Accuracy of an answerer on the generated questions that every training holds out.

    detector: name of the detector with whose eyes the photographs are looked at, instead of the
        teacher's boxes. photographs: at most so many, those of OK-VQA first.
    questions_per_photo: generated for each photograph, with this `seed`.
    """

    detector: str | None = None
    photographs: int | None = None
    questions_per_photo: int = 2
    seed: int = 0

    def dataset(self, source: Source) -> list[Picture]:
        """Return the photographs with the objects in them.

        Raises:
            SightGraphError: the data are missing, or there is no such detector.
        """
        eyes = SightGraph.from_pretrained(self.detector) if self.detector else None
        return read_pictures(source.data, eyes, self.photographs, self.seed)

    def system(self, model: Path | None = None) -> GraphAnswerer:
        return GraphAnswerer.load(model or bundled("models", "answerer"))

    def __call__(self, model: GraphAnswerer, dataset: Sequence[Picture]) -> Report:
        """Return `scores`; a row holds a question, its photograph, and whether it is right."""
        amount, seed = self.questions_per_photo, self.seed
        examples, table = generated_examples(dataset, model.config, amount, seed)
        held = in_part(examples, "held-out")
        texts = encode_once(table.texts(), TEXT_ENCODERS.make(model.config.text_encoder))
        right = judged(model, held, texts)
        rows = [
            {"file_name": one.photo, "question": one.question, "type": one.kind, "right": good}
            for one, good in zip(held, right, strict=True)
        ]
        return Report("accuracy, all", scores(model, held, texts), rows)


def scores(model: GraphAnswerer, held: Sequence[Example], texts: Tensor) -> dict[str, float]:
    """Return the share of right answers by kind of question, and with kinds of edges left out."""
    report = {"held-out questions": float(len(held))}
    report |= {f"accuracy, {kind}": share for kind, share in measure(model, held, texts).items()}
    for kind in EDGE_KINDS:
        report[f"accuracy without {kind} edges"] = measure(model, held, texts, kind)["all"]
    return report


def measure(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    without: EdgeKind | None = None,
) -> dict[str, float]:
    """Return the share of right answers by kind of question, and "all".

    without: a control: the edges of this kind are left out.
    """
    right: dict[str, list[bool]] = defaultdict(list)
    for one, good in zip(examples, judged(model, examples, texts, without), strict=True):
        right[one.kind].append(good)
        right["all"].append(good)
    return {kind: sum(values) / len(values) for kind, values in sorted(right.items())}


@torch.no_grad()
def judged(
    model: GraphAnswerer,
    examples: Sequence[Example],
    texts: Tensor,
    without: EdgeKind | None = None,
) -> list[bool]:
    """Return whether the answer to each example is right."""
    model.eval()
    right: list[bool] = []
    for start in range(0, len(examples), BATCH):
        chosen = examples[start : start + BATCH]
        if without is not None:
            chosen = [_drop_edges(one, without) for one in chosen]
        batch = collate([one.tensors for one in chosen], texts)
        found, _ = model(batch)
        right += [_is_right(found, batch, number, one) for number, one in enumerate(chosen)]
    return right


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

"""The objective of the vocabulary answerer, which `train okvqa` trains.

An example is a worded graph (`pipelines.generate.worded_graphs`) with soft scores of answers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graph_fusion.fusion_model import FusionModel
from graph_fusion.training import Figures, Objective, TrainingConfig
from graph_fusion.vocabulary_model import Wording
from graph_fusion.vocabulary_tensors import VocabularyInput, WordedBatch

HEAD_RATE = 10.0
"""Learning rate of new layers, as a multiple of the language model's."""


@dataclass(frozen=True, slots=True)
class OpenExample:
    """A worded graph with the soft scores of its answers, by number in the vocabulary."""

    graph: VocabularyInput
    scores: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """Worded graphs as one batch, and soft scores [B, A] of all answers."""

    worded: WordedBatch
    targets: Tensor


def group_by_length(
    examples: Sequence[OpenExample], size: int, seed: int = 0
) -> list[tuple[OpenExample, ...]]:
    """Return `examples` in groups of `size` of similar length; each group is one batch.

    Without this, a third of all tokens would be padding. `seed` orders examples of one length.
    """
    chance = random.Random(seed)
    drawn = [(_length(one.graph), chance.random(), number) for number, one in enumerate(examples)]
    order = [number for *_, number in sorted(drawn)]
    starts = range(0, len(order), size)
    return [tuple(examples[i] for i in order[start : start + size]) for start in starts]


def _length(graph: VocabularyInput) -> int:
    return len(graph.question.split()) + len(graph.seen) + len(graph.known)


class OpenObjective(Objective[FusionModel, OpenBatch]):
    """Cross-entropy against soft scores; accuracy is the soft score of the most probable answer.

    Examples come in groups as `group_by_length` makes them.
    """

    def __init__(self, wording: Wording, answers: int) -> None:
        self.wording = wording
        self.answers = answers

    def collate(self, groups: Sequence[Sequence[OpenExample]]) -> OpenBatch:
        examples = [one for group in groups for one in group]
        targets = torch.zeros(len(examples), self.answers)
        for row, one in enumerate(examples):
            for answer, score in one.scores.items():
                targets[row, answer] = score
        return OpenBatch(self.wording([one.graph for one in examples]), targets)

    def loss(self, model: FusionModel, batch: OpenBatch) -> tuple[Tensor, Figures]:
        head: Any = model.head
        return head.answers.loss(model(batch.worded), batch.targets), {}

    def figures(self, model: FusionModel, batch: OpenBatch) -> Figures:
        best = model(batch.worded).argmax(1, keepdim=True)
        return {"accuracy": (batch.targets.gather(1, best).sum(), len(best))}

    def groups(self, model: FusionModel, config: TrainingConfig) -> list[dict[str, Any]]:
        language: set[int] = set()
        if (part := getattr(model.fusion, "model", None)) is not None:
            language = {id(one) for one in part.parameters()}
        trained = [one for one in model.parameters() if one.requires_grad]
        slow = [one for one in trained if id(one) in language]
        new = [one for one in trained if id(one) not in language]
        fast = {"params": new, "lr": HEAD_RATE * config.learning_rate}
        return [{"params": slow}, fast] if slow else [fast]

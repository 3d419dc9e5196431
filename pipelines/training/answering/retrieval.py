"""Training of the ranker of retrieved facts: which facts around a question hold its answer.

An example is a question with its candidate facts; the objective is softmax over the candidates,
with the probabilities of the right ones summed. The model folder gets model.safetensors.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.training import BESIDE, Objective, TrainingOptions, fit
from graph_fusion.weights import deterministic
from kg.errors import SightGraphError
from kg.files import atomic_path
from kg.knowledge.store import Store
from kg.retrieval import FEATURES, Retriever
from pipelines.build.retrieval import relation_vectors
from pipelines.datasets.splits import for_training, in_part
from pipelines.evaluate.answering.retrieval import (
    Judge,
    RetrievalQuestion,
    SeedFinder,
    read_questions,
)

HIDDEN, SHARED = 32, 32
"""Hidden units over the features; dimensions into which questions and relations are projected."""
MAX_RIGHT, MAX_WRONG = 50, 200
"""Candidates of a question that are trained on."""
SHARPNESS = 10.0
"""Factor on the product of two embeddings, so that it has the size of the other scores."""
QUESTIONS = ("okvqa/train.json", "fvqa/train.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankerTraining(TrainingOptions):
    """How the ranker is trained. kg: a store that holds ConceptNet."""

    kg: Path = field(metadata=BESIDE)
    epochs: int = 6
    batch_size: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    seed: int = 1


@dataclass(frozen=True, slots=True)
class RankerExample:
    """One question: question [D], and of K candidates features, relation, incoming and right."""

    question: Tensor
    features: Tensor
    relation: Tensor
    incoming: Tensor
    right: Tensor


@dataclass(frozen=True, slots=True)
class RankerBatch:
    """Questions of one step, and the vectors of all relations in both directions [2, R, D]."""

    examples: list[RankerExample]
    relations: Tensor


class RankerNetwork(nn.Module):
    """The trainable form of `kg.retrieval.Ranker`; its weights have the same names."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int, features: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(features.mean(0)))
        self.register_buffer("deviation", torch.tensor(features.std(0) + 1e-6))
        self.hidden = nn.Parameter(torch.randn(len(FEATURES), HIDDEN) * 0.2)
        self.hidden_bias = nn.Parameter(torch.zeros(HIDDEN))
        self.output = nn.Parameter(torch.randn(HIDDEN) * 0.1)
        self.asking = nn.Parameter(torch.randn(width, SHARED) * 0.05)
        self.told = nn.Parameter(torch.randn(width, SHARED) * 0.05)

    def forward(self, example: RankerExample, relations: Tensor) -> Tensor:
        """Return a score for each candidate [K]; relations: [2, R, D]."""
        scaled = (example.features - self.mean) / self.deviation
        scores = torch.relu(scaled @ self.hidden + self.hidden_bias) @ self.output
        match = SHARPNESS * (relations @ self.told @ (self.asking.T @ example.question))
        return scores + match[example.incoming, example.relation]  # type: ignore[no-any-return]

    def save(self, file: Path) -> None:
        """Write the weights as `kg.retrieval.Ranker` reads them."""
        tensors = {name: value.detach().clone() for name, value in self.state_dict().items()}
        tensors["asking"] *= SHARPNESS
        with atomic_path(file) as path:
            save_file({name: value.contiguous() for name, value in tensors.items()}, path)


class RankingObjective(Objective[RankerNetwork, RankerBatch]):
    """-log of the summed probability of the right candidates."""

    uses_all = True
    shares_batches = True

    def __init__(self, relations: Tensor) -> None:
        self.relations = relations

    def collate(self, examples: list[RankerExample]) -> RankerBatch:
        return RankerBatch(examples, self.relations)

    def loss(self, model: RankerNetwork, batch: RankerBatch) -> Tensor:
        losses = []
        for example in batch.examples:
            scores = model(example, batch.relations)
            losses.append(torch.logsumexp(scores, 0) - torch.logsumexp(scores[example.right], 0))
        return torch.stack(losses).mean()


def train(
    data: Path, out: Path, options: RankerTraining, log: Callable[[str], None] = print
) -> dict[str, float]:
    """Train on the train parts of OK-VQA and FVQA in `data`, and write the model folder `out`.

    Resumes from the checkpoint in `out`/training.

    Raises:
        SightGraphError: a data set or the store is missing, or the store holds no answers.
    """
    return train_ranker(training_records(data), Store(options.kg), out, options, log)


def training_records(data: Path) -> list[RetrievalQuestion]:
    """Return the questions that are trained on."""
    questions = [one for name in QUESTIONS for one in read_questions(data / name)]
    return for_training(in_part(questions, "train"))


@deterministic()
def train_ranker(
    questions: Sequence[RetrievalQuestion],
    store: Store,
    out: Path,
    options: RankerTraining,
    log: Callable[[str], None] = print,
) -> dict[str, float]:
    """Train on `questions`, which must be of the part train.

    Raises:
        SightGraphError: the store holds no answer.
    """
    encoder = TEXT_ENCODERS.make("minilm")
    chosen = for_training(questions)
    random.Random(options.seed).shuffle(chosen)
    retriever = Retriever(store)
    examples = _examples(chosen, store, retriever, encoder, options.seed)
    if not examples:
        raise SightGraphError(
            "no question's answer is among the facts around it. Import ConceptNet into the store."
        )
    relations = torch.tensor(relation_vectors(retriever, encoder))
    features = torch.cat([example.features for example in examples]).numpy()
    torch.manual_seed(options.seed)
    network = RankerNetwork(relations.shape[-1], features)
    objective = RankingObjective(relations)
    config = options.config(warmup=0.3, clip=None)
    about = options.others() | {"data": _digest(examples, relations)}
    report = fit(network, objective, examples, [], config, out / "training", log, about=about)
    network.save(out / "model.safetensors")
    return {"questions": float(len(examples)), "mean loss": report.figures["train loss"]}


def _digest(examples: Sequence[RankerExample], relations: Tensor) -> str:
    """Return a digest of all that the store gave the training."""
    found = hashlib.blake2b(relations.numpy().tobytes(), digest_size=16)
    for one in examples:
        for part in (one.question, one.features, one.relation, one.incoming, one.right):
            found.update(part.numpy().tobytes())
    return found.hexdigest()


def _examples(
    questions: Sequence[RetrievalQuestion],
    store: Store,
    retriever: Retriever,
    encoder: TextEncoder,
    seed: int,
) -> list[RankerExample]:
    """Return the questions of which some candidates are right and some are wrong.

    The right candidates are the question's fact if it has one, else all that lead to an answer.
    """
    seeds, judge, chance = SeedFinder(store), Judge(store), np.random.RandomState(seed)
    found: list[tuple[str, tuple[np.ndarray, ...]]] = []
    for one in track(questions, "candidates", console=Console(stderr=True)):
        candidates = retriever.candidates(one.question, *seeds(one))
        right = (
            judge.holds_answer(one, candidates.other)
            if one.fact is None
            else judge.is_fact(one, candidates)
        )
        if right.any() and not right.all():
            wrong = np.flatnonzero(~right)
            wrong = chance.choice(wrong, min(len(wrong), MAX_WRONG), replace=False)
            chosen = np.concatenate([np.flatnonzero(right)[:MAX_RIGHT], wrong])
            columns = (
                candidates.features[chosen],
                candidates.relation[chosen].astype(np.int64),
                (~candidates.outgoing[chosen]).astype(np.int64),
                right[chosen],
            )
            found.append((one.question, columns))
    vectors = encoder([question for question, _ in found]).clone()
    return [
        RankerExample(vector, *(torch.tensor(column) for column in columns))
        for vector, (_, columns) in zip(vectors, found, strict=True)
    ]

"""Training the ranker of retrieved facts: which facts around a question hold its answer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn

from graph_fusion.encoders import TEXT_ENCODERS, TextEncoder
from graph_fusion.weights import deterministic
from kg.errors import SightGraphError
from kg.files import atomic_path
from kg.knowledge.store import Store
from kg.retrieval import FEATURES, Retriever
from pipelines.build.retrieval import relation_vectors
from pipelines.datasets.retrieval import Asked, Judge, SeedFinder

HIDDEN, MEETING = 32, 32
"""Units over the features; dimensions in which questions and relations meet."""
EPOCHS, BATCH, RATE, DECAY = 6, 16, 3e-3, 1e-3
MOST_RIGHT, MOST_WRONG = 50, 200
"""Candidates of each question that are learned from."""
SHARPNESS = 10.0
"""Two embeddings' products are small; this brings them to the size of the other scores."""


class RankerNetwork(nn.Module):
    """The trainable form of `kg.retrieval.Ranker`."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, width: int, features: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(features.mean(0)))
        self.register_buffer("deviation", torch.tensor(features.std(0) + 1e-6))
        self.hidden = nn.Parameter(torch.randn(len(FEATURES), HIDDEN) * 0.2)
        self.hidden_bias = nn.Parameter(torch.zeros(HIDDEN))
        self.output = nn.Parameter(torch.randn(HIDDEN) * 0.1)
        self.asking = nn.Parameter(torch.randn(width, MEETING) * 0.05)
        self.told = nn.Parameter(torch.randn(width, MEETING) * 0.05)

    def forward(self, example: Example, relations: Tensor) -> Tensor:
        """Return a score for each candidate [K]; relations: [2, relations, D]."""
        scaled = (example.features - self.mean) / self.deviation
        scores = torch.relu(scaled @ self.hidden + self.hidden_bias) @ self.output
        wanted = SHARPNESS * (relations @ self.told @ (self.asking.T @ example.question))
        return scores + wanted[example.incoming, example.relation]  # type: ignore[no-any-return]

    def save(self, file: Path) -> None:
        """Write the weights as `kg.retrieval.Ranker` reads them."""
        tensors = {name: value.detach().clone() for name, value in self.state_dict().items()}
        tensors["asking"] *= SHARPNESS
        with atomic_path(file) as path:
            save_file({name: value.contiguous() for name, value in tensors.items()}, path)


@dataclass(frozen=True, slots=True)
class Example:
    """One question: question [D], and of K candidates features, relation, incoming and right."""

    question: Tensor
    features: Tensor
    relation: Tensor
    incoming: Tensor
    right: Tensor


@deterministic()
def train_retrieval(questions: Sequence[Asked], store: Store, target: Path, seed: int) -> int:
    """Train on the questions whose photographs are not set aside; return how many taught.

    A question's right candidates are its fact where it has one, else all that lead to one of
    its answers. Softmax over the candidates; the right ones' probabilities are added up.

    Raises:
        SightGraphError: the store holds nothing that could be learned from.
    """
    torch.manual_seed(seed)
    encoder = TEXT_ENCODERS.make("minilm")
    chosen = [one for one in questions if not one.aside]
    random.Random(seed).shuffle(chosen)
    retriever = Retriever(store)
    examples = _examples(chosen, store, retriever, encoder, seed)
    if not examples:
        raise SightGraphError(
            "no question's answer is among the facts around it. Import ConceptNet into the store."
        )
    relations = torch.tensor(relation_vectors(retriever, encoder))
    features = torch.cat([example.features for example in examples]).numpy()
    network = RankerNetwork(relations.shape[-1], features)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(examples) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in track(range(EPOCHS), "epochs", console=Console(stderr=True)):
        order = torch.randperm(len(examples)).tolist()
        for start in range(0, len(order), BATCH):
            losses = [_loss(network, examples[i], relations) for i in order[start : start + BATCH]]
            optimizer.zero_grad()
            torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    target.mkdir(parents=True, exist_ok=True)
    network.save(target / "model.safetensors")
    return len(examples)


def _loss(network: RankerNetwork, example: Example, relations: Tensor) -> Tensor:
    scores = network(example, relations)
    return torch.logsumexp(scores, 0) - torch.logsumexp(scores[example.right], 0)


def _examples(
    questions: Sequence[Asked], store: Store, retriever: Retriever, encoder: TextEncoder, seed: int
) -> list[Example]:
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
            wrong = chance.choice(wrong, min(len(wrong), MOST_WRONG), replace=False)
            kept = np.concatenate([np.flatnonzero(right)[:MOST_RIGHT], wrong])
            columns = (
                candidates.features[kept],
                candidates.relation[kept].astype(np.int64),
                (~candidates.outgoing[kept]).astype(np.int64),
                right[kept],
            )
            found.append((one.question, columns))
    vectors = encoder([question for question, _ in found]).clone()
    return [
        Example(vector, *(torch.tensor(column) for column in columns))
        for vector, (_, columns) in zip(vectors, found, strict=True)
    ]

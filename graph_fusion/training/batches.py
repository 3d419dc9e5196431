"""The examples of each batch, by epoch and process; random numbers are seeded for each batch."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from graph_fusion.training.objective import Objective

Key: TypeAlias = tuple[int, int, tuple[int, ...]]
"""Epoch, number of the batch in it, and indices of its examples."""
COLLATING, TRAINING, VALIDATING = range(3)
"""Uses of random numbers; each has a seed of its own."""


@dataclass(frozen=True, slots=True)
class Portion:
    """The part of a batch that one process gets; `batch` is None if it gets nothing (size 0)."""

    epoch: int
    number: int
    size: int
    batch: Any


@dataclass(frozen=True, slots=True)
class Plan:
    """Divides `amount` examples among batches and `ranks` processes; this one is number `rank`.

    All processes have the same number of batches. Training examples are `shuffled` by seed and
    epoch, and the last batch is filled up so that all processes get equally many examples;
    validation uses each example once.
    """

    amount: int
    batch_size: int
    seed: int
    shuffled: bool
    rank: int = 0
    ranks: int = 1

    def __len__(self) -> int:
        return -(-self.amount // (self.batch_size * self.ranks))

    def batches(self, epoch: int) -> list[tuple[int, ...]]:
        """Return this process's examples for each batch of `epoch`."""
        order = list(range(self.amount))
        if self.shuffled:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.amount).tolist()
            order += (order * self.ranks)[: -self.amount % self.ranks]
        step = self.batch_size * self.ranks
        starts = range(0, self.amount, step)
        return [tuple(order[start : start + step][self.rank :: self.ranks]) for start in starts]


class Order(Sampler[Key]):
    """Yields the keys of an epoch's batches; the first one starts at batch `number`."""

    def __init__(self, plan: Plan, epoch: int = 0, number: int = 0) -> None:
        self.plan, self.epoch, self.number = plan, epoch, number

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        if epoch != self.epoch:
            self.epoch, self.number = epoch, 0

    def __len__(self) -> int:
        return len(self.plan)

    def __iter__(self) -> Iterator[Key]:
        batches = list(enumerate(self.plan.batches(self.epoch)))
        return ((self.epoch, number, batch) for number, batch in batches[self.number :])


class Portions(Dataset[Portion]):
    """Makes portions from keys; random numbers depend on the key, not on the worker."""

    def __init__(self, examples: Sequence[Any], objective: Objective[Any, Any], plan: Plan) -> None:
        self.examples, self.objective, self.plan = examples, objective, plan

    def __getitem__(self, key: Key) -> Portion:
        epoch, number, batch = key
        seed_all(self.plan.seed, epoch, number, self.plan.rank, COLLATING)
        collated = self.objective.collate([self.examples[i] for i in batch]) if batch else None
        return Portion(epoch, number, len(batch), collated)


def loader(
    examples: Sequence[Any], objective: Objective[Any, Any], order: Order, workers: int
) -> DataLoader[Portion]:
    """Return a loader of `order`'s portions."""
    portions = Portions(examples, objective, order.plan)
    return DataLoader(portions, batch_size=None, sampler=order, num_workers=workers)


def seed_all(*parts: int) -> None:
    """Seed torch, numpy and random by several numbers at once."""
    state = np.random.SeedSequence(parts).generate_state(3)
    torch.manual_seed(int(state[0]))
    np.random.seed(int(state[1]))
    random.seed(int(state[2]))


@contextmanager
def own_random_state() -> Iterator[None]:
    """Restore the caller's random states at the end."""
    started = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = list(range(torch.cuda.device_count())) if started else []
    python, numbers = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numbers)


def moved(value: Any, device: torch.device) -> Any:
    """Return `value` with all tensors inside it on `device`."""
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=True)
    if is_dataclass(value) and not isinstance(value, type) and not hasattr(value, "to"):
        inner = {f.name: moved(getattr(value, f.name), device) for f in fields(value) if f.init}
        return replace(value, **inner)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(moved(one, device) for one in value))
    if isinstance(value, list | tuple):
        return type(value)(moved(one, device) for one in value)
    if isinstance(value, Mapping) and not hasattr(value, "to"):
        return {key: moved(one, device) for key, one in value.items()}
    return value.to(device) if hasattr(value, "to") else value

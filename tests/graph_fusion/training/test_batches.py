"""graph_fusion/training/batches.py: who sees which example when, and what chance does."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from graph_fusion.training.batches import Order, Plan, loader, moved, own_random_state, seed_all
from graph_fusion.training.objective import Objective

amounts, sizes, ranks, seeds = (
    st.integers(1, 60),
    st.integers(1, 9),
    st.integers(1, 4),
    st.integers(0, 5),
)


def shares(amount: int, size: int, many: int, shuffled: bool, epoch: int, seed: int) -> list[Any]:
    return [Plan(amount, size, seed, shuffled, r, many).batches(epoch) for r in range(many)]


@given(amounts, sizes, ranks, seeds, st.integers(0, 3))
def test_training_shows_every_example_and_the_same_amount_to_each_process(
    amount: int, size: int, many: int, seed: int, epoch: int
) -> None:
    parts = shares(amount, size, many, True, epoch, seed)
    seen = Counter(one for part in parts for batch in part for one in batch)
    assert set(seen) == set(range(amount))
    assert sum(seen.values()) - amount < many
    assert len({tuple(map(len, part)) for part in parts}) == 1
    assert all(0 < len(batch) <= size for part in parts for batch in part)
    assert all(len(part) == len(Plan(amount, size, seed, True, 0, many)) for part in parts)


@given(amounts, sizes, ranks)
def test_validation_shows_every_example_once_in_as_many_batches_each(
    amount: int, size: int, many: int
) -> None:
    parts = shares(amount, size, many, False, 0, 0)
    assert sorted(one for part in parts for batch in part for one in batch) == list(range(amount))
    assert len({len(part) for part in parts}) == 1


def test_the_order_depends_on_seed_and_epoch_only() -> None:
    plan = Plan(30, 4, 1, True)
    assert plan.batches(2) == Plan(30, 4, 1, True).batches(2)
    assert plan.batches(2) != plan.batches(3)
    assert plan.batches(2) != Plan(30, 4, 2, True).batches(2)


def test_two_processes_share_the_batch_that_one_would_see() -> None:
    whole = Plan(32, 8, 3, True).batches(1)
    first, second = shares(32, 4, 2, True, 1, 3)
    assert [set(a) | set(b) for a, b in zip(first, second, strict=True)] == [set(b) for b in whole]


def test_an_order_goes_on_in_the_middle_and_is_whole_in_the_next_epoch() -> None:
    order = Order(Plan(20, 4, 0, True), epoch=1, number=3)
    order.set_epoch(1)
    assert [key[:2] for key in order] == [(1, 3), (1, 4)]
    order.set_epoch(2)
    assert [key[:2] for key in order] == [(2, number) for number in range(5)]
    assert len(order) == 5


class Noisy(Objective[Any, Any]):
    def collate(self, examples: list[Any]) -> Any:
        noise = float(torch.rand(())) + np.random.rand() + random.random()
        return examples, noise

    def loss(self, model: Any, batch: Any) -> Tensor:
        return torch.zeros(())


def portions(workers: int, number: int = 0) -> list[Any]:
    order = Order(Plan(20, 4, 0, True), epoch=1, number=number)
    return list(loader(list("abcdefghijklmnopqrst"), Noisy(), order, workers))


def test_what_collating_draws_depends_on_the_batch_and_on_no_worker() -> None:
    whole = portions(0)
    assert portions(2) == whole
    assert portions(0, number=2) == whole[2:]
    assert len({portion.batch[1] for portion in whole}) == len(whole)


def test_the_caller_keeps_its_own_random_state() -> None:
    seed_all(5)
    wanted = torch.rand(2), np.random.rand(2), random.random()
    seed_all(5)
    with own_random_state():
        seed_all(9)
        torch.rand(3), np.random.rand(3), random.random()
    found = torch.rand(2), np.random.rand(2), random.random()
    assert torch.equal(found[0], wanted[0])
    assert np.array_equal(found[1], wanted[1])
    assert found[2] == wanted[2]


@dataclass(frozen=True, slots=True)
class Frozen:
    x: Tensor
    name: str
    parts: tuple[Tensor, ...]


class Named(NamedTuple):
    x: Tensor
    by_name: dict[str, list[Tensor]]


class Own:
    def to(self, device: torch.device) -> str:
        return f"on {device}"


def test_moving_reaches_tensors_in_frozen_dataclasses_tuples_and_mappings() -> None:
    meta, x = torch.device("meta"), torch.ones(2)
    found = moved({"a": [Frozen(x, "n", (x, x)), Named(x, {"b": [x]})], "c": Own(), "d": 3}, meta)
    frozen, named = found["a"]
    assert isinstance(frozen, Frozen)
    assert isinstance(named, Named)
    reached = [frozen.x, *frozen.parts, named.x, *named.by_name["b"]]
    assert all(one.device == meta for one in reached)
    assert (frozen.name, found["c"], found["d"]) == ("n", "on meta", 3)


@pytest.mark.parametrize("value", [None, "text", 2.5])
def test_moving_leaves_what_has_no_device(value: Any) -> None:
    assert moved(value, torch.device("meta")) is value

"""pipelines/bench/digest.py: the same examples have one digest, and others have another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.bench.digest import digest_of


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    answers: frozenset[str]
    file: Path = Path("photos/0.jpg")
    scores: Any = None


def test_the_same_examples_have_the_same_digest() -> None:
    answers = frozenset({"red", "green", "blue"})
    one = Example("What colour?", answers, Path("/a/0.jpg"), {"red": torch.arange(3)})
    other = Example("What colour?", frozenset([*answers]), Path("/b/0.jpg"), {"red": np.arange(3)})
    assert digest_of([one]) == digest_of((other,))
    assert len(digest_of([one])) == 16


@pytest.mark.parametrize(
    "other",
    [
        [Example("What color?", frozenset({"red"}))],
        [Example("What colour?", frozenset({"green"}))],
        [Example("What colour?", frozenset({"red"}), Path("photos/1.jpg"))],
        [Example("What colour?", frozenset({"red"}), scores=torch.zeros(2))],
        [Example("What colour?", frozenset({"red"}), scores=torch.ones(2))],
        [Example("What colour?", frozenset({"red"}))] * 2,
        [],
    ],
)
def test_other_examples_have_another(other: list[Example]) -> None:
    assert digest_of(other) != digest_of([Example("What colour?", frozenset({"red"}))])


def test_an_example_may_not_slip_from_one_part_into_the_next() -> None:
    assert digest_of(["a", "b"], ["c"]) != digest_of(["a"], ["b", "c"])

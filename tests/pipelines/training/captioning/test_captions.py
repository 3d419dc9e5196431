"""pipelines/training/captioning/captions: a few captions are learnt, and training resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from pipelines.datasets.captioned import read_captioned
from pipelines.training.captioning.captions import (
    CaptionTraining,
    chosen,
    train,
    vocabulary,
    words_of,
)


def options(seen: Path, epochs: int = 2) -> CaptionTraining:
    return CaptionTraining(epochs=epochs, batch_size=2, hidden=32, least=1, seen=seen, average=0.0)


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    captioned: Path, resumes: Callable[..., None]
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, torch.Tensor]:
        figures = train(captioned, out, options(captioned / "seen"), log)
        assert 0 <= figures["validation right words"] <= 1
        return load_file(out / "model.safetensors")

    resumes(trained)


def test_rare_words_are_not_learned(captioned: Path) -> None:
    photographs = read_captioned(captioned)
    assert "astronaut" in vocabulary(photographs, 1)
    assert vocabulary(photographs, 3) == ("a", "cat", "in")


def test_words_have_no_signs_and_no_capitals() -> None:
    assert words_of("A dog's ball -- RED, isn't it?") == [
        "a",
        "dog's",
        "ball",
        "red",
        "isn't",
        "it",
    ]


def test_a_photograph_with_few_captions_repeats_them() -> None:
    assert chosen(["a b c", "a"]) == ["a", "a", "a b c", "a b c", "a b c"]
    assert chosen(["a b", "a"]) == ["a", "a", "a b", "a b", "a b"]

"""pipelines/training/search: towers are trained, and training resumes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from pipelines.search.towers import Towers
from pipelines.training.search import SearchTraining, train


def test_the_same_seed_gives_the_same_bits_and_a_killed_training_resumes(
    captioned: Path, resumes: Callable[..., None]
) -> None:
    def trained(out: Path, log: Callable[[str], None]) -> dict[str, torch.Tensor]:
        options = SearchTraining(
            epochs=2, batch_size=2, hidden=16, seen=captioned / "seen", average=0.0
        )
        train(captioned, out, options, log)
        assert Towers(out).texts(["a cat"]).shape == (1, 16)
        return load_file(out / "model.safetensors")

    resumes(trained)

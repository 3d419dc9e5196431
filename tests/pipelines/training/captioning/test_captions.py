"""pipelines/training/captioning/captions: a few captions are learnt, and training resumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from graph_fusion.caption_model import Vocabulary
from graph_fusion.tensors import TextTable
from kg.errors import SightGraphError
from pipelines.datasets.captioned import read_captioned
from pipelines.training.captioning import captions
from pipelines.training.captioning.captions import (
    CaptionObjective,
    CaptionTraining,
    chosen,
    example,
    train,
    vocabulary,
    words_of,
)
from pipelines.training.captioning.scene_examples import development_records, two_sides


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


def test_a_fusion_that_does_not_exist_is_named_before_photographs_are_looked_at(
    captioned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captions, "two_sides", None)
    wrong = CaptionTraining(fusion="grap", least=1)
    with pytest.raises(SightGraphError, match="Did you mean 'graph'"):
        train(captioned, tmp_path, wrong, str)


def test_what_is_measured_on_is_not_varied(captioned: Path) -> None:
    table, known = TextTable(), Vocabulary(("a", "cat"))
    found = two_sides(development_records(captioned), captioned / "seen", table, "cells")
    (whole,) = (example(*sides, known, 8) for sides in found)
    objective = CaptionObjective(torch.zeros(len(table), 384), 0.1)
    measured = replace(whole, mirror=None)
    batches = [objective.collate([measured]) for _ in range(8)]
    assert len({float(one.scenes.cells.sum()) for one in batches}) == 1
    assert all(torch.equal(one.captions, batches[0].captions) for one in batches)


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

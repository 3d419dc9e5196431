"""pipelines/training/search/search: towers are trained, and training resumes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from graph_fusion.search_model import TextPieces
from graph_fusion.tensors import TextTable
from kg.errors import SightGraphError
from pipelines.search.towers import BANK, CONFIG, WEIGHTS, Towers
from pipelines.training.captioning.scene_examples import development_records, two_sides
from pipelines.training.search import search
from pipelines.training.search.search import (
    SearchExample,
    SearchObjective,
    SearchTraining,
    train,
)


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


def test_kept_towers_stay_as_they_are_and_the_agreement_is_fitted_again(
    captioned: Path, tower_folder: Path, tmp_path: Path
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    shutil.copytree(captioned, data)
    file = data / "flickr8k_1k" / "annotations.json"
    file.write_text(file.read_text().replace('"train"', '"val"'))  # two photographs to fit on
    figures = train(data, out, SearchTraining(towers=tower_folder, seen=data / "seen"), str)
    for name in (WEIGHTS, BANK):
        assert (out / name).read_bytes() == (tower_folder / name).read_bytes()
    before, after = (json.loads((one / CONFIG).read_text()) for one in (tower_folder, out))
    assert after["towers"] == before["towers"]
    assert after["agreement"] != before["agreement"]
    assert "image from text R@1" in figures
    assert Towers(out).weights.as_json() == after["agreement"]


def test_what_cannot_be_trained_is_said_before_photographs_are_looked_at(
    captioned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SightGraphError, match="'each' is 0"):
        SearchTraining(each=0)
    monkeypatch.setattr(search, "two_sides", None)
    with pytest.raises(SightGraphError, match="Did you mean 'graph_attention'"):
        train(captioned, tmp_path, SearchTraining(fusion="graph_atention"), str)


def test_what_is_measured_on_is_not_varied(captioned: Path) -> None:
    table = TextTable()
    found = two_sides(development_records(captioned), captioned / "seen", table, "cells")
    pieces = TextPieces()
    (whole,) = (SearchExample(one, two, pieces.rows(at.captions)) for at, one, two in found)
    texts = torch.zeros(len(table), 384)
    objective = SearchObjective(texts, SearchTraining(each=5))
    for mirror, same in ((None, True), (whole.mirror, False)):
        batches = [objective.collate([replace(whole, mirror=mirror)]) for _ in range(8)]
        sums = {(float(one.scenes.cells.sum()), int(one.there.sum())) for one in batches}
        assert (len(sums) == 1) is same


def test_kept_towers_must_be_there(captioned: Path, tmp_path: Path) -> None:
    options = SearchTraining(towers=tmp_path / "none", seen=captioned / "seen")
    with pytest.raises(SightGraphError, match="none"):
        train(captioned, tmp_path / "out", options, str)

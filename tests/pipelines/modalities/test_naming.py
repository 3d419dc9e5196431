"""Names of signals: a saved network names as before, and refuses other vectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from graph_fusion.signal_model import SignalNetwork
from kg.errors import SightGraphError
from pipelines.detections import Name
from pipelines.modalities import Modality
from pipelines.modalities.naming import SignalNamer, named, save

NAMES = ("dog", "cat", "car", "sea")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save(tmp_path / "sounds", "sound", NAMES, SignalNetwork(3, len(NAMES), 8))
    return tmp_path / "sounds"


def signal(features: int = 3) -> Modality:
    return Modality.of("sound", np.arange(4.0 * features).reshape(4, features))


def test_the_most_probable_names_come_first(folder: Path) -> None:
    names = SignalNamer.load(folder)(signal())
    assert len(names) == 3
    scores = [name.probability for name in names]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) <= 1
    assert {name.label for name in names} < set(NAMES)


def test_a_signal_keeps_the_names_that_it_has(folder: Path) -> None:
    namer = SignalNamer.load(folder)
    found = named(signal(), namer)
    assert found.origin == "sounds"
    assert named(signal(), None).names == ()
    silent = Modality("sound", signal().vectors, names=(Name("silence", 1.0),))
    assert named(silent, namer) is silent


def test_vectors_of_another_size_are_refused(folder: Path) -> None:
    with pytest.raises(SightGraphError, match="vectors of 5 numbers"):
        SignalNamer.load(folder)(signal(5))


@pytest.mark.parametrize(
    "change", [{"names": []}, {"names": [1]}, {"features": 0}, {"modality": ""}, {"hidden": "x"}]
)
def test_a_broken_config_is_refused(folder: Path, change: dict[str, object]) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(SightGraphError, match="no namer of signals"):
        SignalNamer.load(folder)


def test_weights_of_another_size_are_refused(folder: Path) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"hidden": 16}))
    with pytest.raises(SightGraphError, match="cannot be loaded"):
        SignalNamer.load(folder)(signal())

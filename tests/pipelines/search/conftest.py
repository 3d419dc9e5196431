"""Towers that have learned nothing, made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from graph_fusion.search_model import SearchConfig, SearchModel
from pipelines.search.agreement import FEATURES
from pipelines.search.towers import Bank, Towers, Weights, write_bank
from pipelines.sightgraph import SightGraph
from pipelines.training.search import save_search


@pytest.fixture(scope="session")
def tower_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("towers")
    torch.manual_seed(0)
    model = SearchModel(SearchConfig(hidden=16, layers=1, trained=0, heads=4))
    weights = Weights(1.0, tuple(10.0 * (name == "found") for name in FEATURES))
    save_search(folder, model, weights)
    write_bank(folder, Bank(np.eye(16, dtype=np.float32), np.eye(16, dtype=np.float32)))
    return folder


@pytest.fixture(scope="session")
def towers(tower_folder: Path) -> Towers:
    return Towers(tower_folder)


@pytest.fixture(scope="session")
def sightgraph() -> SightGraph:
    return SightGraph.from_pretrained()

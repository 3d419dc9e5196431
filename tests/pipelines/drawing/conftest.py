"""What the tests of drawing share: a network that has learned nothing, and scenes by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.linking import Linker
from pipelines.build.builder import GraphBuilder
from pipelines.drawing.drawer import Drawer
from pipelines.reading.parser import Parser


@pytest.fixture(scope="session")
def linker(builder: GraphBuilder) -> Linker:
    return Linker(builder.knowledge)


@pytest.fixture(scope="session")
def rules() -> Parser:
    return Parser(reader="rules")


@pytest.fixture(scope="session")
def layouts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network with random weights: what holds in its layouts, the projection ensures."""
    import torch

    from graph_fusion.layout_model import LayoutConfig, LayoutModel
    from graph_fusion.training import save_model

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("layout")
    model = LayoutModel(LayoutConfig(hidden=8, layers=1, components=2))
    save_model(folder, model.state_dict(), model.as_json())
    return folder


@pytest.fixture(scope="session")
def drawer(builder: GraphBuilder, rules: Parser, layouts: Path) -> Drawer:
    return Drawer(builder, rules, layouts)

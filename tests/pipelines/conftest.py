"""Parts that take seconds to load, loaded once."""

from __future__ import annotations

import pytest

from kg.knowledge import Knowledge
from pipelines.build import GraphBuilder
from pipelines.parse import Parser


@pytest.fixture(scope="session")
def builder() -> GraphBuilder:
    return GraphBuilder(Knowledge.bundled())


@pytest.fixture(scope="session")
def parser() -> Parser:
    return Parser()

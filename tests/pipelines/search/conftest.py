"""Towers that have learned nothing, and the eyes, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.search.towers import Towers


@pytest.fixture(scope="session")
def towers(tower_folder: Path) -> Towers:
    return Towers(tower_folder)

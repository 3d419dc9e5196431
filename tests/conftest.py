"""What several tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of data sets; the test is skipped without it."""
    folder = os.environ.get("SIGHTGRAPH_DATASETS")
    if not folder:
        pytest.skip("SIGHTGRAPH_DATASETS is not set: the data sets are not part of the project")
    return Path(folder)

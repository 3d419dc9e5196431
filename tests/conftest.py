"""What several tests share."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# How long a test takes is no promise of any: the machine may be busy. A fixture that is made once
# for all examples of a property is meant so where a property takes one.
settings.register_profile(
    "sightgraph",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("sightgraph")

# Triton reads it when it is first imported, by whichever test: its kernels are interpreted here.
os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Start every test from the same random state, whichever tests ran before it."""
    random.seed(0)
    np.random.seed(0)
    if torch := sys.modules.get("torch"):  # importing it would cost the tests of kg seconds
        torch.manual_seed(0)


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of data sets; the test is skipped without it."""
    folder = os.environ.get("SIGHTGRAPH_DATASETS")
    if not folder:
        pytest.skip("SIGHTGRAPH_DATASETS is not set: the data sets are not part of the project")
    return Path(folder)


@pytest.fixture(autouse=True, scope="session")
def text_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests keep no text vectors in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SIGHTGRAPH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield

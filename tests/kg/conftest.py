"""What several tests of the knowledge share."""

from __future__ import annotations

import pytest

from kg.knowledge.memory import Knowledge


@pytest.fixture(scope="session")
def bundled() -> Knowledge:
    """The bundled knowledge, read once; nobody changes it."""
    return Knowledge.bundled()

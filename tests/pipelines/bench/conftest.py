"""A task small enough to be trained many times in a test."""

from __future__ import annotations

from dataclasses import replace

import pytest
from torch import nn

from graph_fusion.training import TrainingConfig
from pipelines.bench.sort_of_clevr import SortOfClevr
from pipelines.bench.task import Prepared, measured


class TinyShapes(SortOfClevr):
    """Sort-of-CLEVR with a dozen pictures, two fusions, and a curve of fewer and fewer pictures."""

    name = "tiny-shapes"
    amounts = (12, 4, 6)
    sizes = replace(SortOfClevr.sizes, hidden=8, layers=1, heads=2)
    training = TrainingConfig(epochs=1, batch_size=4, watch="accuracy", watch_for="max", log="none")

    def choices(self) -> list[str]:
        return ["early", "graph_attention"]

    def curve(self, model: nn.Module, prepared: Prepared) -> dict[str, float]:
        parts = {"all pictures": prepared.test, "one picture": prepared.test[:1]}
        return {
            name: measured(model, prepared.objective, part, 4)["accuracy"]
            for name, part in parts.items()
        }


@pytest.fixture(scope="session")
def tiny() -> TinyShapes:
    return TinyShapes()

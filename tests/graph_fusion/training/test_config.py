"""graph_fusion/training/config: options that make no sense are refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from graph_fusion.training import BESIDE, TrainingOptions, read_config
from kg.errors import SightGraphError


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOptions(TrainingOptions):
    depth: int = 2
    sides: tuple[int, ...] = (1, 2)
    share: float = 0.5
    kept: Path | None = field(default=None, metadata=BESIDE)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"depth": -2}, "'depth' is -2; it must be at least 0"),
        ({"sides": [3, -1]}, "'sides' is -1; it must be at least 0"),
        ({"share": "inf"}, "'share' is 'inf'; expected a finite number"),
        ({"depth": 10**12}, "'depth' is 1000000000000; it must be at least 0, and at most"),
        ({"seed": -1}, "'seed' is -1; it must be at least 0"),
    ],
)
def test_the_options_of_every_training_are_checked_when_they_are_read(
    values: dict[str, Any], said: str
) -> None:
    with pytest.raises(SightGraphError) as caught:
        read_config(OwnOptions, values)
    assert said in str(caught.value)


def test_the_weights_do_not_depend_on_where_something_is_kept() -> None:
    options = read_config(OwnOptions, {"kept": "there"})
    assert options.kept == Path("there")
    assert set(options.others()) == {"depth", "sides", "share"}

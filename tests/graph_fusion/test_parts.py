"""graph_fusion/parts: options without sense are refused by name, where the config is read."""

from __future__ import annotations

from typing import Any

import pytest

from graph_fusion.fusion import FusionConfig
from graph_fusion.layers import LAYERS
from graph_fusion.parts import make_part, name_and_options
from kg.errors import SightGraphError


@pytest.mark.parametrize("value", [-1, -0.5, float("nan"), float("inf"), [4, -1]])
def test_a_number_that_no_component_takes_is_refused(value: Any) -> None:
    with pytest.raises(SightGraphError, match="'heads' of the graph layer gat"):
        name_and_options({"name": "gat", "heads": value}, "graph layer")
    with pytest.raises(SightGraphError, match="heads"):
        FusionConfig(layer={"name": "gat", "heads": value})


def test_zero_heads_end_in_one_line() -> None:
    with pytest.raises(SightGraphError, match="gat"):
        make_part(LAYERS, {"name": "gat", "heads": 0}, in_features=8, out_features=8)


def test_other_options_are_kept() -> None:
    part = {"name": "hog", "cell": 4, "scaled": False, "kind": "x"}
    assert name_and_options(part, "encoder") == ("hog", {"cell": 4, "scaled": False, "kind": "x"})

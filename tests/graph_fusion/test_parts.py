"""graph_fusion/parts: options without sense are refused by name, where the config is read."""

from __future__ import annotations

from typing import Any

import pytest

from graph_fusion.fusion import FusionConfig
from graph_fusion.heads import HEADS
from graph_fusion.layers import LAYERS
from graph_fusion.parts import make_part, name_and_options, side_of
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


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("in_features", 8),
        ("out_features", 4),
        ("activation", "relu"),
        ("residual", "no"),
        ("dropout", True),
        ("dropout", "much"),
        ("heads", 2.0),
        ("concat", 1),
    ],
)
def test_what_follows_from_the_sizes_and_other_types_are_refused(option: str, value: Any) -> None:
    with pytest.raises(SightGraphError, match=f"'{option}' of the graph layer gat"):
        make_part(LAYERS, {"name": "gat", option: value}, in_features=8, out_features=8)


def test_lengths_of_the_answers_follow_from_the_data() -> None:
    with pytest.raises(SightGraphError, match="'answers' of the head closed follows from the data"):
        make_part(HEADS, {"name": "closed", "answers": 3}, hidden=8, answers=5)
    part = {"name": "vqa", "loss": "sigmoid"}
    with pytest.raises(SightGraphError, match="expected 'softmax' or 'binary'"):
        make_part(HEADS, part, hidden=8, answers=5, text_features=4)


def test_options_of_the_right_type_come_before_what_is_offered() -> None:
    part = {"name": "gat", "residual": False, "dropout": 0, "heads": 2, "concat": False}
    layer = make_part(LAYERS, part, in_features=8, out_features=8, residual=True, dropout=0.5)
    assert not layer.residual  # type: ignore[attr-defined]
    assert layer.dropout.p == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("side", [0, -1, 2.5, "96", True, 10**6])
def test_a_side_that_no_image_has_is_refused(side: Any) -> None:
    with pytest.raises(SightGraphError, match="'resize' of the image encoder"):
        side_of({"resize": side}, None)
    options = {"resize": 48, "cell": 4}
    assert side_of(options, 96) == 48
    assert options == {"cell": 4}


@pytest.mark.parametrize("concat", [True, False])
def test_a_layer_without_heads_is_refused(concat: bool) -> None:
    with pytest.raises(SightGraphError, match="gat needs at least 1"):
        LAYERS.make("gat", in_features=8, out_features=8, heads=0, concat=concat)


def test_other_options_are_kept() -> None:
    part = {"name": "hog", "cell": 4, "scaled": False, "kind": "x"}
    assert name_and_options(part, "encoder") == ("hog", {"cell": 4, "scaled": False, "kind": "x"})

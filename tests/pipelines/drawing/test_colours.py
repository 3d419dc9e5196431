"""pipelines/drawing/colours: the colour words of texts."""

from __future__ import annotations

import re

import pytest

from pipelines.drawing.colours import COLOURS, colour_of, mixed
from pipelines.seeing.colours import COLOURS as BASIC


@pytest.mark.parametrize("word", BASIC)
def test_every_basic_colour_term_is_a_colour(word: str) -> None:
    assert re.fullmatch("#[0-9a-f]{6}", colour_of(word) or "")


def test_other_words_are_none() -> None:
    assert colour_of("fast") is None
    assert all(re.fullmatch("#[0-9a-f]{6}", one) for one in COLOURS.values())


def test_shades_lie_between() -> None:
    assert mixed("#102030", "#102030", 0.3) == "#102030"
    assert mixed("#000000", "#ffffff", 0.0) == "#000000"

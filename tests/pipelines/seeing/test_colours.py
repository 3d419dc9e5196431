"""pipelines/seeing/colours.py: the eleven colour words, from pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.photo import Photo
from pipelines.seeing.colours import (
    COLOURS,
    MAX_COLOURS,
    ColourClassifier,
    colour_shares,
    name_colours,
)

PAINTS = {
    "black": (15, 15, 15),
    "white": (245, 245, 245),
    "grey": (128, 128, 128),
    "red": (200, 20, 30),
    "green": (30, 140, 50),
    "yellow": (245, 220, 40),
    "blue": (30, 60, 190),
    "brown": (110, 70, 35),
    "orange": (250, 140, 20),
    "pink": (250, 150, 190),
    "purple": (130, 40, 150),
}


@pytest.fixture(scope="module")
def classifier() -> ColourClassifier:
    return ColourClassifier()


def lab(rgb: tuple[int, int, int]) -> np.ndarray:
    from skimage.color import rgb2lab

    return np.asarray(rgb2lab(np.array(rgb) / 255))


@pytest.mark.parametrize("name", PAINTS)
def test_a_colour_that_people_agree_on_has_its_name(name: str) -> None:
    assert COLOURS[int(name_colours(lab(PAINTS[name])))] == name


def scene(object_: tuple[int, int, int], ground: tuple[int, int, int]) -> Photo:
    """An object that fills 60 % of the width and height of the box (20, 20, 80, 80)."""
    image = Image.new("RGB", (100, 100), ground)
    image.paste(object_, (32, 32, 68, 68))
    return Photo.open(image)


@pytest.mark.parametrize(
    ("name", "ground"), [("red", "green"), ("white", "blue"), ("black", "white")]
)
def test_what_is_around_an_object_does_not_count_as_its_colour(
    classifier: ColourClassifier, name: str, ground: str
) -> None:
    box = Box(20, 20, 80, 80)
    photo = scene(PAINTS[name], PAINTS[ground])
    assert classifier(photo, box)[0].name == name
    shares = colour_shares(photo, box)
    assert COLOURS[int(shares[0].argmax())] == COLOURS[int(shares[1].argmax())] == name
    assert COLOURS[int(shares[2].argmax())] == ground


def test_two_colours_stay_two(classifier: ColourClassifier) -> None:
    image = Image.new("RGB", (100, 100), PAINTS["grey"])
    image.paste(PAINTS["red"], (20, 20, 50, 80))
    image.paste(PAINTS["blue"], (50, 20, 80, 80))
    shares = colour_shares(Photo.open(image), Box(20, 20, 80, 80))[0]
    assert {COLOURS[int(one)] for one in np.argsort(-shares)[:2]} == {"red", "blue"}
    assert classifier(Photo.open(image), Box(20, 20, 80, 80))[0].name in {"red", "blue"}


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(0, 90), st.integers(0, 90))
def test_every_box_has_a_colour_and_its_probability(
    classifier: ColourClassifier, rgb: tuple[int, int, int], x: int, y: int
) -> None:
    photo = Photo.open(Image.new("RGB", (100, 100), rgb))
    found = classifier(photo, Box(x, y, x + 4, y + 7))
    assert 1 <= len(found) <= MAX_COLOURS
    assert all(one.name in COLOURS and 0 < one.probability <= 1 for one in found)


def test_the_motorcycle_is_red(classifier: ColourClassifier) -> None:
    photo = Photo.open("example:motorcycle")
    assert classifier(photo, Box(120, 92, 680, 460))[0].name == "red"


def test_a_folder_without_a_colour_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match="colours"):
        ColourClassifier(tmp_path)

"""pipelines/drawing/relations: predicates as places, and inequalities that make them hold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Box
from kg.vocabulary import SPATIAL_INVERSES
from pipelines.drawing.relations import (
    INVERSES,
    PLACES,
    Sides,
    background_of,
    holds,
    photo_relations,
    place_of,
    ways_of,
    worn_on,
)

WIDTH, HEIGHT = 640, 480
ASPECT = WIDTH / HEIGHT
SIDE = st.floats(0.02, 0.6)
BOX = st.tuples(st.floats(0.1, 1.2), st.floats(0.1, 0.9), SIDE, SIDE)


@pytest.mark.parametrize(
    ("predicate", "place"),
    [
        ("on", "on"),
        ("sitting on", "on"),
        ("on top of", "on"),
        ("on the left of", "left of"),
        ("to the right of", "right of"),
        ("in front of", "in front of"),
        ("stand behind", "behind"),
        ("beneath", "under"),
        ("below", "below"),
        ("fly over", "above"),
        ("inside", "in"),
        ("next to", "near"),
        ("beside", "near"),
        ("holding", "touching"),
        ("rides", "on"),
        ("between", "between"),
        ("smaller than", "smaller than"),
        ("frobnicate", "near"),
        ("", "near"),
    ],
)
def test_predicates_mean_places(predicate: str, place: str) -> None:
    assert place_of(predicate) == place


@pytest.mark.parametrize("predicate", ["in", "along", "run through", "play in", "stand on"])
def test_what_is_in_a_ground_is_on_it(predicate: str) -> None:
    assert place_of(predicate, of_ground=True) == "on"


def test_grounds_and_clothes_are_known() -> None:
    assert background_of("beach") == "ground"
    assert background_of("sky") == "sky"
    assert background_of("dog") is None
    assert worn_on("straw hat") == "head"
    assert worn_on("dog") is None


def box_of(values: Iterable[float]) -> Box:
    x, y, width, height = (one * HEIGHT for one in values)
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


@pytest.mark.parametrize("place", PLACES)
def test_boxes_that_satisfy_the_inequalities_show_the_place(place: str) -> None:
    ways = ways_of(place, Sides(0, 2), Sides(1, 2), ASPECT)
    chance = np.random.default_rng(0)
    low, high = np.array([0.1, 0.1, 0.02, 0.02] * 2), np.array([1.2, 0.9, 0.6, 0.6] * 2)
    pairs = chance.uniform(low, high, (20_000, 8))
    satisfied = np.zeros(len(pairs), bool)
    for way in ways:
        satisfied |= np.all([pairs @ row <= bound for row, bound in way], axis=0)
    assert satisfied.sum() >= 20
    for values in pairs[satisfied][:300]:
        assert holds(place, box_of(values[:4]), box_of(values[4:]), WIDTH, HEIGHT), values


@given(a=BOX, b=BOX)
def test_inverses_hold_the_other_way_round(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    for place, inverse in INVERSES.items():
        both = box_of(a), box_of(b)
        assert holds(place, *both, WIDTH, HEIGHT) == holds(inverse, *both[::-1], WIDTH, HEIGHT)


def test_places_are_those_of_the_graph_and_five_more() -> None:
    own = {"behind", "in front of", "touching", "sheltering", "beneath"}
    assert set(PLACES) - own == set(SPATIAL_INVERSES)


TABLE = Box(100, 200, 500, 400)


@pytest.mark.parametrize(
    ("dog", "is_beneath"),
    [
        (Box(200, 250, 400, 395), True),  # between its legs
        (Box(200, 250, 400, 430), True),  # a little before them
        (Box(150, 410, 450, 470), True),  # wholly lower
        (Box(200, 100, 400, 395), False),  # as high as a horse
        (Box(200, 210, 400, 395), False),  # its head in the table top
        (Box(420, 250, 620, 395), False),  # half beside it
        (Box(30, 250, 570, 395), False),  # longer than the table
        (Box(200, 250, 400, 290), False),  # hanging from it
        (Box(200, 300, 400, 479), False),  # in front of it
        (Box(200, 100, 400, 190), False),  # on it
    ],
)
def test_a_dog_beneath_a_table_is_within_its_width_and_lower_than_its_top(
    dog: Box, is_beneath: bool
) -> None:
    assert holds("beneath", dog, TABLE, WIDTH, HEIGHT) == is_beneath
    assert holds("sheltering", TABLE, dog, WIDTH, HEIGHT) == is_beneath


def test_what_is_above_reaches_at_most_to_the_middle_of_what_is_below() -> None:
    cloud = Box(100, 50, 300, 150)
    assert holds("above", cloud, Box(120, 140, 280, 300), WIDTH, HEIGHT)
    assert not holds("above", cloud, Box(120, 90, 280, 300), WIDTH, HEIGHT)
    assert not holds("below", Box(120, 140, 280, 155), cloud, WIDTH, HEIGHT)
    assert not holds("below", Box(290, 200, 500, 300), cloud, WIDTH, HEIGHT)


def test_a_photograph_shows_the_relations_of_its_boxes() -> None:
    cup, table = Box(0.4, 0.3, 0.5, 0.55), Box(0.1, 0.5, 0.9, 1.0)
    assert "on" in photo_relations(cup, table, 1.5)
    assert "under" in photo_relations(table, cup, 1.5)
    assert "left of" not in photo_relations(table, cup, 1.5)

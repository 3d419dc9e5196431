"""pipelines/generate/layout_examples: photographs as layouts, and what is said of them."""

from __future__ import annotations

import random

import pytest

from kg.graph import Box
from pipelines.datasets.relations import RelatedPhoto
from pipelines.generate.layout_examples import (
    MAX_THINGS,
    LayoutPhoto,
    _photo,
    _with_stated,
    said_at_random,
    with_sizes,
    without_kinds,
)

CUP, TABLE = ("cup", Box(40, 30, 60, 60)), ("table", Box(0, 50, 100, 100))


@pytest.fixture
def photo() -> LayoutPhoto:
    return _photo("a", "train", 100, 100, [CUP, TABLE, ("fly", Box(1, 1, 2, 2))])


def test_the_largest_things_are_kept_with_what_holds_between_them(photo: LayoutPhoto) -> None:
    assert photo.labels == ("table", "cup")
    assert photo.boxes[1] == Box(0.4, 0.3, 0.6, 0.6)
    assert {(1, "on", 0), (0, "under", 1), (1, "touching", 0)} <= set(photo.relations)


def test_a_crowd_is_cut() -> None:
    several = [("person", Box(9 * n, 0, 9 * n + 9, 50)) for n in range(11)]
    assert len(_photo("a", "train", 100, 100, several).labels) == MAX_THINGS


def test_what_a_caption_states_is_of_the_same_boxes(photo: LayoutPhoto) -> None:
    boxes = (Box(1, 1, 2, 2), CUP[1], TABLE[1])
    stated = ((1, "stand on", 2), (0, "fly over", 2))
    captions = RelatedPhoto("a", 100, 100, ("fly", "cup", "table"), boxes, stated)
    assert _with_stated(photo, captions).stated == ((1, "stand on", 0),)
    assert _with_stated(photo, None) is photo


def test_large_and_small_are_so_for_their_kind() -> None:
    sides = (20, 40, 90)
    photos = [_photo(str(n), "train", 100, 100, [("dog", Box(0, 0, n, n))]) for n in sides]
    assert [one.sizes for one in with_sizes(photos)] == [(-1,), (0,), (1,)]


def test_few_relations_are_said_and_all_hold(photo: LayoutPhoto) -> None:
    for most in (0, 1, 9):
        said = said_at_random(photo, random.Random(0), most)
        assert len(said) <= most
        assert set(said) <= set(photo.relations)


def test_kinds_can_be_left_out(photo: LayoutPhoto) -> None:
    (rest,) = without_kinds([photo], lambda label: label == "cup")
    assert (rest.labels, rest.relations) == (("cup",), ())
    assert without_kinds([photo], lambda label: False) == []

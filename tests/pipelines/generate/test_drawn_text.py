"""pipelines/generate/drawn_text.py: the words stand where it says, and a seed draws them again."""

from __future__ import annotations

from random import Random

import numpy as np
from PIL import Image

from pipelines.generate.drawn_text import HEIGHTS, draw_texts

WORDS = ("Bakery", "42", "STOP")


def drawn(seed: int) -> tuple[Image.Image, list[tuple[str, tuple[float, ...]]]]:
    image, texts = draw_texts(Image.new("RGB", (320, 240), "grey"), WORDS, Random(seed))
    return image, [(one.text, tuple(one.box)) for one in texts]


def test_every_change_of_the_photograph_lies_in_a_box() -> None:
    before = np.asarray(Image.new("RGB", (320, 240), "grey"))
    for seed in range(8):
        image, texts = draw_texts(Image.fromarray(before), WORDS, Random(seed))
        changed = (np.asarray(image) != before).any(axis=2)
        for one in texts:
            x1, y1, x2, y2 = map(int, one.box)
            assert changed[y1 : y2 + 1, x1 : x2 + 1].any()
            changed[y1 : y2 + 1, x1 : x2 + 1] = False
            assert HEIGHTS[0] <= one.height <= HEIGHTS[1]
        assert not changed.any()


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = drawn(3), drawn(3), drawn(4)
    assert first[1] == again[1] != other[1]
    assert np.array_equal(np.asarray(first[0]), np.asarray(again[0]))


def test_words_that_do_not_fit_are_left_out() -> None:
    image, texts = draw_texts(Image.new("RGB", (8, 8)), WORDS, Random(0))
    assert texts == []
    assert image.size == (8, 8)

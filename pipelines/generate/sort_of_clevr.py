"""Sort-of-CLEVR: pictures of six coloured shapes, with questions about one or two of them.

Made from the description in Santoro et al., "A simple neural network module for relational
reasoning" (NeurIPS 2017), section 4.3 and supplement: 75 x 75 pixels, one square or circle of
each of six colours at random places, ten relational and ten non-relational questions a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SIDE = 75
RADIUS = 5
"""Half the side of a square, and the radius of a circle, in pixels."""
QUESTIONS = 10
"""Of each of the two kinds, for each picture."""

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "orange": (255, 156, 0),
    "grey": (128, 128, 128),
    "yellow": (255, 255, 0),
}
SHAPES = ("square", "circle")
NON_RELATIONAL = (
    "What shape is the {} object?",
    "Is the {} object on the left?",
    "Is the {} object at the top?",
)
RELATIONAL = (
    "What shape is the object closest to the {} object?",
    "What shape is the object furthest from the {} object?",
    "How many objects have the shape of the {} object?",
)
WORDINGS = NON_RELATIONAL + RELATIONAL
ANSWERS = (*SHAPES, "yes", "no", "1", "2", "3", "4", "5", "6")


@dataclass(frozen=True, slots=True)
class ShapesPicture:
    """One picture with its questions.

    Shapes:
        pixels [75, 75, 3] uint8, RGB
        colours, wordings, answers [20]: indexes into `COLOURS`, `WORDINGS`, `ANSWERS`; the
            first ten are non-relational
    """

    pixels: np.ndarray
    colours: np.ndarray
    wordings: np.ndarray
    answers: np.ndarray

    def texts(self) -> list[str]:
        """Return the questions in English."""
        names = list(COLOURS)
        return [
            WORDINGS[wording].format(names[colour])
            for wording, colour in zip(self.wordings, self.colours, strict=True)
        ]


def pictures(amount: int, seed: int) -> Iterator[ShapesPicture]:
    """Yield `amount` pictures; the same seed yields the same ones."""
    random = np.random.default_rng(seed)
    for _ in range(amount):
        centres = _places(random)
        shapes = random.integers(len(SHAPES), size=len(COLOURS))
        colours, wordings = [], []
        for kind in (NON_RELATIONAL, RELATIONAL):
            first = 0 if kind is NON_RELATIONAL else len(NON_RELATIONAL)
            # No question twice: ten of the eighteen pairs of colour and wording.
            pairs = random.permutation(len(COLOURS) * len(kind))[:QUESTIONS]
            colours.append(pairs // len(kind))
            wordings.append(first + pairs % len(kind))
        chosen, how = np.concatenate(colours), np.concatenate(wordings)
        answers = [_answer(w, c, centres, shapes) for w, c in zip(how, chosen, strict=True)]
        yield ShapesPicture(_draw(centres, shapes), chosen, how, np.array(answers))


def _places(random: np.random.Generator) -> np.ndarray:
    """Return six centres [6, 2] (x, y) whose objects lie inside and do not touch.

    No object is as far from one as from another, so that "closest" has one answer; none is in
    the middle, neither left nor right, or neither at the top nor at the bottom.
    """
    while True:
        centres = random.integers(RADIUS, SIDE - RADIUS, size=(len(COLOURS), 2))
        apart = np.abs(centres[:, None] - centres[None]).max(axis=2)
        np.fill_diagonal(apart, SIDE)
        if apart.min() <= 2 * RADIUS + 1 or (centres == SIDE // 2).any():
            continue
        squared = ((centres[:, None] - centres[None]) ** 2).sum(axis=2)
        if all(len(set(row)) == len(row) for row in squared):
            return centres


def _draw(centres: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    pixels = np.full((SIDE, SIDE, 3), 255, dtype=np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE]
    for (cx, cy), shape, colour in zip(centres, shapes, COLOURS.values(), strict=True):
        if SHAPES[shape] == "square":
            inside = np.maximum(np.abs(x - cx), np.abs(y - cy)) <= RADIUS
        else:
            inside = (x - cx) ** 2 + (y - cy) ** 2 <= RADIUS**2
        pixels[inside] = colour
    return pixels


def _answer(wording: int, colour: int, centres: np.ndarray, shapes: np.ndarray) -> int:
    """Return the index of the right answer in `ANSWERS`."""
    x, y = centres[colour]
    squared = ((centres - centres[colour]) ** 2).sum(axis=1)
    others = np.delete(np.arange(len(shapes)), colour)
    match WORDINGS[wording]:
        case w if w == NON_RELATIONAL[0]:
            return int(shapes[colour])
        case w if w == NON_RELATIONAL[1]:
            return ANSWERS.index("yes" if x < SIDE / 2 else "no")
        case w if w == NON_RELATIONAL[2]:
            return ANSWERS.index("yes" if y < SIDE / 2 else "no")
        case w if w == RELATIONAL[0]:
            return int(shapes[others[squared[others].argmin()]])
        case w if w == RELATIONAL[1]:
            return int(shapes[others[squared[others].argmax()]])
    return ANSWERS.index(str(int((shapes == shapes[colour]).sum())))

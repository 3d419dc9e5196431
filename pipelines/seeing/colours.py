"""The colours of an object, by the eleven basic colour words of English.

The words: Berlin & Kay, Basic Color Terms, 1969. Each pixel in the box is named by its
lightness, chroma and hue in CIELAB. A logistic regression turns the shares of the words in the
box, in its middle and around it, and the namer's features of the box, into probabilities: what
stands around an object also shows in its box.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from graph_fusion.weights import loading, read_weights
from kg.files import bundled
from kg.graph import Box
from pipelines.photo import Photo
from pipelines.seeing.cielab import cielab

COLOURS = (
    "black",
    "white",
    "grey",
    "red",
    "green",
    "yellow",
    "blue",
    "brown",
    "orange",
    "pink",
    "purple",
)
"""The basic colour terms in Berlin & Kay's order, with grey moved beside black and white."""

EVEN = np.full(len(COLOURS), 1 / len(COLOURS))
SIDE = 40
"""A box and what is around it are scaled to this many pixels a side."""
RING = 0.25
"""Width of what counts as around the box, as a share of its sides."""
BINS = 6
"""Bins per axis of the colour histograms of object and surroundings."""
WIDE, NARROW = 0.45, 0.25
"""Deviations of the weight of a pixel by its distance from the middle of the box."""
FLOOR = 0.02
"""Added to shares before their logarithm is taken."""
MIN_PROBABILITY = 0.25
MAX_COLOURS = 2
"""Min probability of a colour that is returned, and number of colours. These figures and the
limits of hue, chroma and lightness below were chosen by hand."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour word with the probability that people name it of the object, in [0, 1]."""

    name: str
    probability: float


class ColourClassifier:
    """Names the colours of what a box holds.

    folder: a folder that `sightgraph train colours` wrote; the bundled one by default.

    Raises:
        SightGraphError: the folder does not hold a colour model.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = bundled("models", "colours") if folder is None else folder
        with loading("colours", folder):
            read = read_weights(folder / "model.safetensors")
            weights = {name: value.numpy() for name, value in read.items()}
            self.matrix, self.bias = weights["matrix"], weights["bias"]
            self.regions, self.mean = weights["regions"], weights["mean"]

    def __call__(self, photo: Photo, box: Box, feature: np.ndarray | None = None) -> list[Colour]:
        """Return the colours of what is in `box`, in pixels, the most probable first.

        feature: the namer's of the box, [1280]; others, or none, count as the mean ones.
        """
        logits = evidence(colour_shares(photo, box)) @ self.matrix + self.bias
        if feature is not None and feature.shape == self.mean.shape:
            logits = logits + (feature - self.mean) @ self.regions
        found = np.exp(logits - logits.max())
        found = found / found.sum()
        order = np.argsort(-found, kind="stable")[:MAX_COLOURS]
        chosen = [index for index in order if found[index] >= MIN_PROBABILITY] or [order[0]]
        return [Colour(COLOURS[index], round(float(found[index]), 3)) for index in chosen]


def evidence(shares: np.ndarray) -> np.ndarray:
    """Return the inputs [..., 33] of the regression for shares [..., 3, 11]."""
    logs: np.ndarray = np.log(shares + FLOOR)
    return logs.reshape(*shares.shape[:-2], -1)


def colour_shares(photo: Photo, box: Box) -> np.ndarray:
    """Return the shares of the colour words in the box, in its middle and around it: [3, 11].

    In the first, a pixel counts the more the rarer its colour is around the box. Where nothing
    is around the box, the last are even.
    """
    lab, inside = _lab_around(photo, box)
    names = name_colours(lab)
    weight = np.where(inside, _centre_weight(WIDE), 0.0)
    narrow = np.where(inside, _centre_weight(NARROW), 0.0)
    around = (~inside).astype(float)
    if inside.all():
        return np.stack([_shares(names, weight), _shares(names, narrow), EVEN])
    weight = weight * _foreground(lab, weight, ~inside)
    return np.stack([_shares(names, one) for one in (weight, narrow, around)])


def _shares(names: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the share of each colour word among weighted pixels: [11]."""
    found: np.ndarray = np.bincount(names.ravel(), weight.ravel(), len(COLOURS)) / weight.sum()
    return found


def name_colours(lab: np.ndarray) -> np.ndarray:
    """Return for each CIELAB colour its index in `COLOURS`.

    Shapes:
        lab [..., 3]: L* in 0..100, a*, b*; returns [...]

    >>> COLOURS[int(name_colours(np.array([53.2, 80.1, 67.2])))]
    'red'
    """
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a)) % 360
    grey_chroma = np.where(light < 30, 14.0, np.where(light > 80, 9.0, 10.0))
    warm_white = (light > 82) & (chroma < 16) & (hue > 40) & (hue < 130)
    achromatic = (chroma < grey_chroma) | (light < 12) | warm_white
    warm = (hue >= 40) & (hue < 105)
    names = [
        (achromatic & (light < 32), "black"),
        (achromatic & (light > 67), "white"),
        (achromatic, "grey"),
        (((hue >= 335) | (hue < 20)) & ((light > 60) | (chroma < 32) & (light > 45)), "pink"),
        ((hue >= 20) & (hue < 45) & (light > 68) & (chroma < 45), "pink"),
        ((hue >= 300) & (hue < 335), "purple"),
        ((hue >= 235) & (hue < 300), "blue"),
        ((hue >= 180) & (hue < 235) & (b < -4), "blue"),
        ((hue >= 105) & (hue < 235), "green"),
        (warm & (hue >= 76) & (light > 58) & (chroma > 38), "yellow"),
        (warm & (light > 54) & (chroma > 42), "orange"),
        (((hue >= 335) | (hue < 40)) & (chroma > 26) & (light > 18), "red"),
        ((hue >= 95) & (hue < 105) & (light < 50), "green"),
    ]
    found = np.full(light.shape, COLOURS.index("brown"))
    for where, name in reversed(names):
        found = np.where(where, COLOURS.index(name), found)
    return found


def _lab_around(photo: Photo, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Return the box with its surroundings in CIELAB [S, S, 3], and which of it is the box."""
    x1, y1, x2, y2 = box
    wide, high = RING * (x2 - x1), RING * (y2 - y1)
    outer = (
        max(x1 - wide, 0.0),
        max(y1 - high, 0.0),
        min(x2 + wide, photo.width),
        min(y2 + high, photo.height),
    )
    part = photo.image.resize((SIDE, SIDE), Image.Resampling.BOX, box=outer)
    lab = cielab(np.asarray(part))
    place = (np.arange(SIDE) + 0.5) / SIDE
    across = outer[0] + place * (outer[2] - outer[0])
    down = outer[1] + place * (outer[3] - outer[1])
    inside = ((across >= x1) & (across <= x2))[None] & ((down >= y1) & (down <= y2))[:, None]
    if not inside.any():
        inside = np.ones((SIDE, SIDE), dtype=bool)
    return lab, inside


def _centre_weight(deviation: float) -> np.ndarray:
    place = np.linspace(-1, 1, SIDE)
    distance: np.ndarray = place[None] ** 2 + place[:, None] ** 2
    return np.exp(-distance / (2 * deviation**2))


def _foreground(lab: np.ndarray, weight: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Return how much more likely each pixel's colour is in the box than around it: [S, S]."""
    scaled = (lab - [0.0, -60.0, -60.0]) / [100.0, 120.0, 120.0]
    index = np.clip((scaled * BINS).astype(int), 0, BINS - 1)
    bin_ = (index[..., 0] * BINS + index[..., 1]) * BINS + index[..., 2]
    mine = np.bincount(bin_.ravel(), weight.ravel(), BINS**3)
    others = np.bincount(bin_.ravel(), around.ravel().astype(float), BINS**3)
    mine, others = mine / mine.sum(), others / others.sum()
    ratio = (mine + 1e-3) / (mine + others + 2e-3)
    likely: np.ndarray = ratio[bin_]
    return likely**2

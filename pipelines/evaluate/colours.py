"""Measuring the colours of objects against the colours that people's captions give them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
from rich.progress import track

from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.datasets.relations import Nouns, captioned
from pipelines.photo import Photo
from pipelines.reading.readers import IS, CaptionReader
from pipelines.seeing.colours import COLOURS, colours_of

SAME_COLOUR = {"gray": "grey", "golden": "yellow", "tan": "brown", "blonde": "yellow"}


def said_colours(data: Path, train: bool, reader: CaptionReader) -> list[tuple[str, Box, set[str]]]:
    """Return (file, box, colours) of objects whose colour a caption names.

    Only nouns that fit a single box of the photograph count. train: the train parts of COCO
    and Flickr8k, or their val parts.

    Raises:
        SightGraphError: a data set is missing.
    """
    nouns = Nouns()
    found = []
    for name, captions, boxes in track(list(captioned(data, train, least=1)), "reading captions"):
        labels = [label for label, _, _ in boxes]
        said: dict[int, set[str]] = {}
        for caption in captions:
            for subject, predicate, value in reader(caption):
                colour = SAME_COLOUR.get(value, value)
                if predicate != IS or colour not in COLOURS:
                    continue
                fitting = nouns(subject, labels)
                if len(fitting) == 1:
                    said.setdefault(fitting[0], set()).add(colour)
        for index, colours in said.items():
            found.append((name, Box(*boxes[index][2]), colours))
    return found


def evaluate(data: Path, reader: CaptionReader, train: bool = False) -> dict[str, float]:
    """Return how often the largest, or one of the two largest colours is one that people say.

    Beside it: always the most frequent colour, and no discount for what is around a box.

    Raises:
        SightGraphError: a data set is missing, or no caption names a colour.
    """
    said = said_colours(data, train, reader)
    if not said:
        raise SightGraphError(f"no caption in '{data}' names the colour of an object.")
    usual = Counter(colour for _, _, colours in said for colour in colours).most_common(1)[0][0]
    hits: dict[str, list[bool]] = {
        "top-1": [],
        "among two": [],
        "without discount: top-1": [],
        f"always {usual}: top-1": [],
    }
    for name, box, colours in track(said, "looking"):
        photo = Photo.open(data / name)
        first, *others = [one.name for one in colours_of(photo, box)]
        hits["top-1"].append(first in colours)
        hits["among two"].append(first in colours or bool(set(others) & colours))
        plain = colours_of(photo, box, discount=False)[0].name
        hits["without discount: top-1"].append(plain in colours)
        hits[f"always {usual}: top-1"].append(usual in colours)
    shares = {name: float(np.mean(found)) for name, found in hits.items()}
    return {"objects": float(len(said))} | shares

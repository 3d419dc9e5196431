"""Measuring the colours of objects against the colours that people's captions give them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from kg.errors import SightGraphError
from kg.graph import Box
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.relation_examples import CaptionNouns, captioned
from pipelines.photo import Photo
from pipelines.reading.parser import CaptionReader
from pipelines.reading.text_graph_reader import TrainedReader
from pipelines.reading.triples import IS
from pipelines.seeing.colours import COLOURS, colours_of

SAME_COLOUR = {"gray": "grey", "golden": "yellow", "tan": "brown", "blonde": "yellow"}


def named_colours(
    data: Path, train: bool, reader: CaptionReader
) -> list[tuple[str, Box, set[str]]]:
    """Return (file, box, colours) of objects whose colour a caption names.

    Only nouns that fit a single box of the photograph count. train: the train parts of COCO
    and Flickr8k, or their val parts.

    Raises:
        SightGraphError: a data set is missing.
    """
    nouns = CaptionNouns()
    found = []
    for photo in track(captioned(data, train, min_boxes=1), "reading captions"):
        boxes = photo.boxes
        labels = [label for label, _, _ in boxes]
        named: dict[int, set[str]] = {}
        for caption in photo.captions:
            for subject, predicate, value in reader(caption):
                colour = SAME_COLOUR.get(value, value)
                if predicate != IS or colour not in COLOURS:
                    continue
                fitting = nouns(subject, labels)
                if len(fitting) == 1:
                    named.setdefault(fitting[0], set()).add(colour)
        for index, colours in named.items():
            found.append((photo.name, Box(*boxes[index][2]), colours))
    return found


@dataclass(frozen=True, slots=True)
class ColoursEvaluator:
    """How often the largest, or one of the two largest colours is one that people name.

    Baselines: always the most frequent colour, and no discount for the surroundings of a box.
    """

    def dataset(self, source: Source) -> Path:
        return source.data

    def system(self, model: Path | None = None) -> CaptionReader:
        """Return the reader of the captions that name the colours."""
        return TrainedReader(model)

    def __call__(self, reader: CaptionReader, dataset: Path) -> Report:
        """Measure on the held-out parts of COCO and Flickr8k.

        Raises:
            SightGraphError: a data set is missing, or no caption names a colour.
        """
        named = named_colours(dataset, False, reader)
        if not named:
            raise SightGraphError(f"no caption in '{dataset}' names the colour of an object.")
        counts = Counter(colour for _, _, colours in named for colour in colours)
        usual = counts.most_common(1)[0][0]
        always = f"always {usual}: top-1"
        rows = []
        for name, box, colours in track(named, "looking"):
            photo = Photo.open(dataset / name)
            first, *others = [one.name for one in colours_of(photo, box)]
            plain = colours_of(photo, box, discount=False)[0].name
            rows.append(
                {
                    "file_name": name,
                    "box": list(box),
                    "named": sorted(colours),
                    "found": [first, *others],
                    "top-1": first in colours,
                    "among two": first in colours or bool(set(others) & colours),
                    "without discount: top-1": plain in colours,
                    always: usual in colours,
                }
            )
        measures = ("top-1", "among two", "without discount: top-1", always)
        shares = {name: float(np.mean([row[name] for row in rows])) for name in measures}
        return Report("top-1", {"objects": float(len(named))} | shares, rows)

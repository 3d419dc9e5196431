"""Measuring the colours of objects against those that a person accepts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kg.errors import SightGraphError
from kg.files import bundled
from kg.graph import Box
from pipelines.evaluate.protocol import Report, Source
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.seeing.colours import COLOURS, ColourClassifier, colour_shares

FOLDER = "coco_mini"
"""Folder of the photographs, in the folder of all data sets."""


@dataclass(frozen=True, slots=True)
class ColouredObject:
    """An object of a photograph with the colours that are accepted for it, the main one first.

    photo: the file; box: in its pixels.
    """

    photo: Path
    label: str
    box: Box
    colours: tuple[str, ...]


def read_colours(file: Path, photos: Path, key: str = "objects") -> list[ColouredObject]:
    """Read a file like data/questions/colours.json, whose photographs lie in `photos`.

    key: "objects" for those that are measured, "training" for those that are learnt from.

    Raises:
        SightGraphError: the file or a photograph is missing, or a colour is none of `COLOURS`.
    """
    try:
        found = [
            ColouredObject(
                photos / one["file_name"],
                one["label"],
                Box(*one["box"]),
                tuple(one["colours"]),
            )
            for one in json.loads(file.read_text(encoding="utf-8"))[key]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as colours of objects: {error!r}. Each object needs a "
            "file_name, a label, a box and colours."
        ) from error
    for one in found:
        if not one.colours or set(one.colours) - set(COLOURS):
            raise SightGraphError(f"'{file}': the colours of '{one.photo.name}' are not COLOURS.")
        if not one.photo.is_file():
            raise SightGraphError(
                f"there is no '{one.photo}'. Set --data to the folder that holds {FOLDER}."
            )
    return found


@dataclass(frozen=True, slots=True)
class ColoursEvaluator:
    """How often the first, or one of the two first colours is one that is accepted.

    The labels are of COCO's val2017, which no colour is learnt from. Baselines: always the most
    frequent colour, and the largest share of the pixels.
    """

    def dataset(self, source: Source) -> list[ColouredObject]:
        return read_colours(bundled("questions", "colours.json"), source.data / FOLDER)

    def system(self, model: Path | None = None) -> ColourClassifier:
        return ColourClassifier(model)

    def __call__(self, reader: ColourClassifier, dataset: list[ColouredObject]) -> Report:
        """Return the shares of objects; a row holds an object, with the colours found."""
        counts = Counter(colour for one in dataset for colour in one.colours)
        usual = counts.most_common(1)[0][0]
        always = f"always {usual}: top-1"
        rows, namer = [], EfficientNetNamer()
        for one in track(dataset, "looking"):
            photo = Photo.open(one.photo)
            (feature,) = namer.regions(photo, [one.box])
            first, *others = [colour.name for colour in reader(photo, one.box, feature)]
            pixels = COLOURS[int(colour_shares(photo, one.box)[0].argmax())]
            rows.append(
                {
                    "file_name": one.photo.name,
                    "label": one.label,
                    "box": list(one.box),
                    "accepted": sorted(one.colours),
                    "found": [first, *others],
                    "top-1": first in one.colours,
                    "among two": first in one.colours or bool(set(others) & set(one.colours)),
                    "largest share of the pixels: top-1": pixels in one.colours,
                    always: usual in one.colours,
                }
            )
        measures = ("top-1", "among two", "largest share of the pixels: top-1", always)
        shares = {name: float(np.mean([row[name] for row in rows])) for name in measures}
        return Report("top-1", {"objects": float(len(rows))} | shares, rows)

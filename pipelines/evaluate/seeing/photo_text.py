"""How well text in photographs is read: words drawn on real photographs, from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from pipelines.datasets.coco import CocoPhoto, read_coco
from pipelines.datasets.splits import in_part
from pipelines.detections import PerceivedText
from pipelines.detectors import COCO_LABELS
from pipelines.evaluate.protocol import Report, Source
from pipelines.generate.drawn_text import DrawnText, draw_texts
from pipelines.photo import Photo
from pipelines.progress import track
from pipelines.seeing.text import TEXT_READERS, TextReader

WORDS = 3
"""Words on each photograph."""
NAMES = sorted({word for label in COCO_LABELS for word in label.split()})
"""Words that are drawn beside numbers and times."""
MIN_COVERED = 0.3
"""A line is where a word was drawn if it covers at least this share of the word's box."""
SIZES = ((10, 15), (16, 25), (26, 40))
"""Sizes of letters, in pixels, that are reported apart."""


@dataclass(frozen=True, slots=True)
class PhotoTextEvaluator:
    """Word accuracy: the share of drawn words that a line at their place contains, in any case.

    The photographs are those of the part held out; a quarter of the words are numbers or times.
    """

    reader: str = "rapidocr"
    seed: int = 0
    limit: int | None = None

    def dataset(self, source: Source) -> list[tuple[Path, CocoPhoto]]:
        """Return the photographs of a folder like coco_mini that training held out.

        Raises:
            SightGraphError: the folder is missing or broken.
        """
        photos = sorted(in_part(read_coco(source.data), "held-out"), key=lambda one: one.file_name)
        return [(source.data / one.file_name, one) for one in photos[: self.limit]]

    def system(self, model: Path | None = None) -> TextReader:
        return TEXT_READERS.make(self.reader)

    def __call__(self, reader: TextReader, dataset: Sequence[tuple[Path, CocoPhoto]]) -> Report:
        chance = Random(self.seed)
        rows = []
        for file, one in track(dataset, "reading"):
            words = [_word(chance) for _ in range(WORDS)]
            image, drawn = draw_texts(Photo.open(file).image, words, chance)
            lines = reader(Photo.open(image))
            rows += [
                {
                    "file_name": one.file_name,
                    "text": text.text,
                    "height": text.height,
                    "plate": text.plate,
                    "read": (read := [line.text for line in lines if _there(line, text)]),
                    "right": any(_contains(line, text.text) for line in read),
                }
                for text in drawn
            ]
        return Report("word accuracy", dict(_figures(len(dataset), rows)), rows)


def _word(chance: Random) -> str:
    """Return a name in one of three cases, a number or a time."""
    drawn = chance.random()
    if drawn < 0.15:
        return str(chance.randint(10, 9999))
    if drawn < 0.25:
        return f"{chance.randint(1, 12)}:{chance.randint(0, 59):02}"
    name = chance.choice(NAMES)
    return chance.choice((name, name.capitalize(), name.upper()))


def _there(line: PerceivedText, text: DrawnText) -> bool:
    return line.box.intersection(text.box) >= MIN_COVERED * text.box.area


def _contains(line: str, word: str) -> bool:
    read = line.casefold()
    return word.casefold() in (*read.split(), read.replace(" ", ""))


def _figures(photographs: int, rows: Sequence[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    yield "photographs", float(photographs)
    yield "words", float(len(rows))
    yield "word accuracy", _share(rows)
    for low, high in SIZES:
        sized = [row for row in rows if low <= row["height"] <= high]
        if sized:
            yield f"letters of {low} to {high} pixels", _share(sized)
    yield "on a plate", _share([row for row in rows if row["plate"]])
    yield "on the bare photograph", _share([row for row in rows if not row["plate"]])


def _share(rows: Sequence[dict[str, Any]]) -> float:
    return sum(bool(row["right"]) for row in rows) / max(len(rows), 1)

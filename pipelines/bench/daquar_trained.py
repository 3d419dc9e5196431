"""Which photographs of a folder a model of DAQUAR knows, recognised one by one by their content.

Numbers alone do not tell: a folder of one's own may number other photographs from 1, and a folder
that lacks one of the photographs trained on still holds the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from graph_fusion.weights import sha256_of
from pipelines.datasets.daquar import RoomPhoto
from pipelines.datasets.splits import PARTS, Part
from pipelines.photo import Photo

DIGITS = 16
"""Hexadecimal digits of a file's SHA-256 that are kept."""
SHAPE = (9, 8)
MAX_BITS = 10
"""A photograph of the same number is the same, saved again, if its likeness differs in at most so
many of 64 bits; of two photographs about 32 differ."""

Record = tuple[int, str, str, str]
"""Of a photograph of the folder trained on: number, part, digest of the file, and likeness."""


def record(photographs: Mapping[int, RoomPhoto], numbers: Iterable[int]) -> tuple[Record, ...]:
    """Return what recognises these photographs later."""
    found = ((number, photographs[number]) for number in numbers)
    return tuple((n, one.part, _digest(one.file), likeness(one.file)) for n, one in found)


def known_parts(
    photographs: Mapping[int, RoomPhoto], numbers: Iterable[int], records: Iterable[Record]
) -> dict[int, Part | None]:
    """Return the part that each photograph had when a model was trained; None if it was not there.

    A photograph is recognised by its file's content, or by its number and likeness.
    """
    by_digest: dict[str, Part] = {}
    by_number: dict[int, tuple[Part, int]] = {}
    for number, name, digest, bits in records:
        part = next(one for one in PARTS if one == name)
        by_digest[digest] = part
        by_number[number] = part, int(bits, 16)
    found: dict[int, Part | None] = {}
    for number in numbers:
        file = photographs[number].file
        found[number] = by_digest.get(_digest(file))
        if found[number] is None and number in by_number:
            part, like = by_number[number]
            if (like ^ int(likeness(file), 16)).bit_count() <= MAX_BITS:
                found[number] = part
    return found


def parts_by_number(
    photographs: Mapping[int, RoomPhoto], numbers: Iterable[int], trained: Iterable[int]
) -> dict[int, Part | None]:
    """Return the same for a model without records, which knows the numbers it was trained on."""
    taught = set(trained)
    same = taught <= set(photographs)
    return {
        number: "train" if number in taught else photographs[number].part if same else None
        for number in numbers
    }


def likeness(file: Path) -> str:
    """Return 64 bits as hexadecimal digits that stay if a photograph is scaled or saved again.

    Each says whether a place is brighter than its left neighbour, of nine times eight.
    """
    small = Photo.open(file).image.convert("L").resize(SHAPE, Image.Resampling.BOX)
    grey = np.asarray(small)
    return np.packbits(grey[:, 1:] > grey[:, :-1]).tobytes().hex()


def _digest(file: Path) -> str:
    return sha256_of(file)[:DIGITS]

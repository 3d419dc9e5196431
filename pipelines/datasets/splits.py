"""The only place that divides data into parts: train, development and held out.

A part is decided by the identity of a photograph at its source, never by the question or by the
file that names it: the same COCO photograph lies in one part in coco_mini, OK-VQA, A-OKVQA and
FVQA. Networks are trained on the part train only; thresholds, temperatures and epochs are chosen
on the part development; figures are reported on the part held out. Official splits take
precedence: what a data set's authors did not call train is held out.

The one exception is `data/questions`: it divides its questions by its own field `part`. Its part
development may be chosen on (`pipelines.training.answering.gate`); its parts unseen and sealed are
measured only, which `for_training` and `for_choosing` ensure.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from pathlib import PurePath
from typing import Literal, Protocol, TypeVar, get_args

from kg.errors import SightGraphError, unknown_name

Part = Literal["train", "development", "held-out"]
PARTS: tuple[Part, ...] = get_args(Part)

HELD_OUT, DEVELOPMENT = 120, 80
"""Thousandths of the photographs. The first is the share that OK-VQA's figure was always
measured on; the second gives about 720 questions of OK-VQA and 27 photographs of coco_mini."""
ROOMS_HELD_OUT, ROOMS_DEVELOPMENT = 0.15, 0.08
"""Shares of DAQUAR's rooms."""
CAPTIONS_DEVELOPMENT = 30
"""Thousandths of the photographs of FACTUAL's train file; its dev and test files are held out."""
DOCUMENT_STRIDE = 25
"""Every 25th document of EWT's train file is in the part development."""
CONCEPTS_HELD_OUT, CONCEPTS_DEVELOPMENT = 120, 40
WORDINGS_HELD_OUT, WORDINGS_DEVELOPMENT = 100, 40
"""Thousandths of the concepts and of the wordings that generated questions ask with."""
PREDICATES_HELD_OUT = 80
"""Thousandths of the rare predicates, which are measured without being trained on."""
MAX_RARE = 200
"""A predicate with fewer occurrences is rare."""

_OFFICIAL_TRAIN = frozenset({"train", "train2014", "train2017"})
_LAST_NUMBER = re.compile(r"(\d+)(?:\.\w+)?$")


class Divided(Protocol):
    """An example that knows its part."""

    @property
    def part(self) -> str: ...


Example = TypeVar("Example", bound=Divided)


def in_part(examples: Iterable[Example], part: Part) -> list[Example]:
    """Return the examples of one part, in their order."""
    return [one for one in examples if one.part == part]


def part_named(name: str) -> Part:
    """Return the part of that name; "validation" is another name of the part held out.

    Raises:
        UnknownNameError: there is no such part.
    """
    found = next((part for part in PARTS if part == name), None)
    if found is None and name != "validation":
        raise unknown_name("part", name, PARTS)
    return found or "held-out"


def for_training(examples: Iterable[Example]) -> list[Example]:
    """Return `examples`, which a network is about to be trained on.

    Every trainer takes its examples through this function.

    Raises:
        SightGraphError: one of them is not in the part train.
    """
    return _checked(examples, "train", "trained on")


def for_choosing(examples: Iterable[Example]) -> list[Example]:
    """Return `examples`, which thresholds, temperatures or epochs are about to be chosen on.

    Raises:
        SightGraphError: one of them is not in the part development.
    """
    return _checked(examples, "development", "chosen on")


def _checked(examples: Iterable[Example], part: Part, use: str) -> list[Example]:
    found = list(examples)
    wrong = [one for one in found if one.part != part]
    if wrong:
        raise SightGraphError(
            f"{len(wrong)} of {len(found)} examples must not be {use}: the first, "
            f"{str(wrong[0])[:120]}, is in the part '{wrong[0].part}'. Take those of the part "
            f"'{part}' with in_part."
        )
    return found


def coco_id(photo: int | str) -> int:
    """Return the number that COCO gave a photograph, from that number or any file name with it.

    >>> coco_id("images/COCO_train2014_000000123456.jpg"), coco_id("000000123456"), coco_id(123456)
    (123456, 123456, 123456)

    Raises:
        SightGraphError: the name does not end with a number.
    """
    found = _LAST_NUMBER.search(str(photo))
    if found is None:
        raise SightGraphError(f"'{photo}' is no photograph of COCO: its name has no number.")
    return int(found[1])


def coco_part(photo: int | str, split: str | None = None) -> Part:
    """Return the part of a photograph of COCO.

    photo: its number or file name. split: its official split in 2017, if that is known; a file in
    a folder `val2017` needs none. COCO_val2014 is no official split here, because most of it
    belongs to train2017.
    """
    if "val2017" in str(photo) or not _is_train(split):
        return "held-out"
    return _slice(str(coco_id(photo)), HELD_OUT, DEVELOPMENT)


def flickr_part(file: str, split: str | None = None) -> Part:
    """Return the part of a photograph whose file begins with its number at Flickr, as in Flickr8k.

    split: the official one; Flickr8k's dev and test lists are held out.
    """
    if not _is_train(split):
        return "held-out"
    return _slice(PurePath(file).name.split("_")[0], HELD_OUT, DEVELOPMENT)


def described_part(split: str) -> Part:
    """Return the part of a photograph in what captions and search learn: by its official list.

    Figures of Flickr8k are published for these lists: its dev list chooses, its test list is held
    out. No other network that reports on held-out photographs reads these two.
    """
    if _is_train(split):
        return "train"
    return "development" if split == "val" else "held-out"


def room_part(room: int, split: str | None = None) -> Part:
    """Return the part of a room of NYU Depth v2, named by its first photograph's number."""
    if not _is_train(split):
        return "held-out"
    place = hashlib.sha256(f"daquar room {room}".encode()).digest()[0] / 256
    if place < ROOMS_HELD_OUT:
        return "held-out"
    return "development" if place < ROOMS_HELD_OUT + ROOMS_DEVELOPMENT else "train"


def fold_of(room: int, folds: int) -> int:
    """Return in which of so many equal folds a room lies; folds divide the part train again."""
    digest = hashlib.sha256(f"fold {room}".encode()).digest()
    return int.from_bytes(digest, "big") % folds


def file_part(file: str, split: str | None = None) -> Part:
    """Return the part of a photograph known by its file only (Caltech, ImageNet, scenes15)."""
    return _slice(file, HELD_OUT, DEVELOPMENT) if _is_train(split) else "held-out"


def caption_part(photo: str, split: str) -> Part:
    """Return the part of a caption of FACTUAL, by its photograph and its file's official split."""
    return _slice(photo, 0, CAPTIONS_DEVELOPMENT) if _is_train(split) else "held-out"


def document_part(number: int, split: str) -> Part:
    """Return the part of a document of EWT, by its place in its file (from 1) and its split."""
    if not _is_train(split):
        return "held-out"
    return "train" if number % DOCUMENT_STRIDE else "development"


def concept_part(
    concept: str, held_out: int = CONCEPTS_HELD_OUT, development: int = CONCEPTS_DEVELOPMENT
) -> Part:
    """Return the part of a concept that generated questions ask about; shares in thousandths."""
    return _slice(concept, held_out, development)


def question_part(subject: str, wording: str, photo: Part = "train") -> Part:
    """Return the part of a generated question: the strictest of its parts.

    photo: the part of its photograph, whose concept `subject` is asked about with `wording`.
    """
    parts = {
        photo,
        concept_part(subject),
        _slice(wording, WORDINGS_HELD_OUT, WORDINGS_DEVELOPMENT),
    }
    return max(parts, key=PARTS.index)


def predicate_part(predicate: str, count: int) -> Part:
    """Return the part of a predicate that captions use `count` times: some rare ones are held out.

    They are measured as predicates that training never showed.
    """
    return _slice(predicate, PREDICATES_HELD_OUT, 0) if count < MAX_RARE else "train"


def _is_train(split: str | None) -> bool:
    return split is None or split in _OFFICIAL_TRAIN


def _slice(name: str, held_out: int, development: int) -> Part:
    """Return the part of `name` by a hash that is the same in every process."""
    place = zlib.crc32(name.encode()) % 1000
    if place < held_out:
        return "held-out"
    return "development" if place < held_out + development else "train"

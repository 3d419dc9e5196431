"""COCO captions as a task: match captions with images, choose among captions, or write them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from graph_fusion.encoders.text import LastUsed
from graph_fusion.encoders.words import Vocabulary
from graph_fusion.heads import HEADS
from graph_fusion.heads.decoder import PAD
from graph_fusion.parts import Part, name_and_options
from graph_fusion.training import Figures
from kg.english import treebank_tokens
from kg.errors import SightGraphError, unknown_name
from kg.files import write_text
from kg.vocabulary import MEANS
from pipelines.bench.folder import KNOWN, FolderKnown, FolderPrepared, FolderTask
from pipelines.bench.folder_heads import USES, answer_words
from pipelines.bench.folder_model import (
    BESIDE,
    CACHED_IMAGES,
    SHOWS,
    FolderBatch,
    FolderModel,
    FolderObjective,
    SeenImage,
)
from pipelines.bench.task import DEFAULT_CHOICE, ModelChoice, Prepared
from pipelines.datasets.coco_captions import CaptionedPhoto, read_captions, resize_and_crop
from pipelines.datasets.folder import FolderQuestion
from pipelines.datasets.splits import Divided, for_training, in_part
from pipelines.photo import Photo

PARTS = {"train": "train", "development": "validation", "held-out": "test"}
"""The task's parts by those of splits.py."""
WRONG = 3
"""Captions of other photographs that the right one is chosen among."""
WRITE, CHOOSE = "What does the picture show?", "Which caption fits the picture?"


def sentence(caption: str) -> str:
    """Return the words of a caption in lower case, without punctuation.

    >>> sentence("A man's dog, asleep.")
    "a man 's dog asleep"
    """
    return " ".join(word for word in treebank_tokens(caption) if any(map(str.isalnum, word)))


Numbered = Sequence[tuple[int, CaptionedPhoto]]


def to_match(photos: Numbered, part: str) -> list[FolderQuestion]:
    """Return each caption as the text whose image is to be found."""
    return [
        FolderQuestion(number, caption, (), part)
        for number, photo in photos
        for caption in photo.captions
    ]


def to_write(photos: Numbered, part: str) -> list[FolderQuestion]:
    """Return each caption as the answer that is to be written."""
    return [
        FolderQuestion(number, WRITE, (sentence(caption),), part)
        for number, photo in photos
        for caption in photo.captions
    ]


def to_choose(photos: Numbered, part: str) -> list[FolderQuestion]:
    """Return each caption among those of `WRONG` other photographs of the same part."""
    found = []
    for number, photo in photos:
        others = [one for other, one in photos if other != number and one.captions]
        for row, caption in enumerate(photo.captions):
            draw = Random(f"{photo.number} {row}")
            wrong = [
                draw.choice(one.captions) for one in draw.sample(others, min(WRONG, len(others)))
            ]
            options = [caption, *wrong]
            draw.shuffle(options)
            found.append(FolderQuestion(number, CHOOSE, (caption,), part, tuple(options)))
    return found


EXAMPLES: dict[str, Callable[[Numbered, str], list[FolderQuestion]]] = {
    "choice": to_choose,
    "decoder": to_write,
    "matching": to_match,
}
"""By the name of the head."""


class CroppedPhotos(Sequence[SeenImage]):
    """Photographs after resize and centre crop, read when they are needed; without objects."""

    def __init__(self, photos: Sequence[CaptionedPhoto], side: int) -> None:
        self.photos = photos
        self.transform = resize_and_crop(side)
        self._cache: LastUsed[int, SeenImage] = LastUsed(CACHED_IMAGES)

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, number: Any) -> Any:
        found = self._cache.get(number)
        if found is None:
            cropped = self.transform(Photo.open(self.photos[number].image).image)
            pixels = torch.from_numpy(np.array(cropped)).permute(2, 0, 1)
            found = SeenImage(number, pixels, torch.zeros(0, 4), (), (), ())
            self._cache.put(number, found)
        return found


class CaptionObjective(FolderObjective):
    """As for a folder; of a decoder, accuracy is the share of next words predicted correctly."""

    def figures(self, model: FolderModel, batch: FolderBatch) -> Figures:
        head: Any = model.head
        if head.use is not USES["decoder"]:
            return super().figures(model, batch)
        given = model(batch)
        following = head.sentences(given.inputs)[:, 1:]
        counted = following != PAD
        right = (given.output[:, :-1].argmax(2) == following) & counted
        return {"accuracy": (int(right.sum()), int(counted.sum()))}


class CocoCaptionsTask(FolderTask):
    """Captions of photographs; --data is a folder of COCO captions, or one like coco_mini.

    head: `matching`: find the image of a caption among those of the batch; `choice`: choose among
        four captions; `decoder`: write the caption.
    """

    name = "coco-captions"
    head: Part = "matching"

    def prepare(
        self, data: Path | None, cache: Path, choice: ModelChoice = DEFAULT_CHOICE
    ) -> Prepared:
        if data is None:
            raise SightGraphError("coco-captions needs --data, a folder of COCO captions.")
        head, _ = name_and_options(choice.head or self.head, HEADS.kind)
        if head not in EXAMPLES:
            raise unknown_name("head of coco-captions", head, EXAMPLES)
        photos = read_captions(data)
        numbered = list(enumerate(photos))
        parts = {
            name: EXAMPLES[head]([one for one in numbered if one[1].part == part], name)
            for part, name in PARTS.items()
        }
        for name, examples in parts.items():
            if not examples:
                raise SightGraphError(f"'{data}' has no caption of the part '{name}'.")
        known = _known(cache / KNOWN, parts["train"])
        objective = CaptionObjective(CroppedPhotos(photos, self._image_part(choice)[1]))
        train, validation, test = parts.values()
        return FolderPrepared(objective, train, validation, test, known=known)

    def training_records(self, data: Path) -> Sequence[Divided]:
        return for_training(in_part(read_captions(data), "train"))


def _known(saved: Path, train: Sequence[FolderQuestion]) -> FolderKnown:
    """Return the words of training; those of the answers are what a decoder writes with."""
    if saved.is_file():
        return FolderKnown.load(saved)
    answers = answer_words([answer for one in train for answer in one.answers if not one.options])
    texts = [text for one in train for text in (one.text, *one.answers, *one.options)]
    words = Vocabulary.of([*texts, BESIDE, SHOWS, MEANS]).words
    known = FolderKnown(tuple(answers), (1,) * len(answers), words)
    write_text(saved, json.dumps(asdict(known), ensure_ascii=False) + "\n")
    return known

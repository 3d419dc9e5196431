"""Photographs with captions by people, for what learns to write and to find them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kg.errors import SightGraphError
from pipelines.datasets.coco import TRAIN_SPLIT, read_coco
from pipelines.datasets.flickr8k import read_flickr8k
from pipelines.datasets.splits import Part, described_part

FLICKR = ("flickr8k", "flickr8k_1k")
"""The two folders that Flickr8k's official lists lie in; neither repeats the other's."""
COCO = "coco_mini"


@dataclass(frozen=True, slots=True)
class Captioned:
    """A photograph with its captions.

    name: its path in the folder of data sets. part: by the official lists (`described_part`).
    """

    name: str
    file: Path
    part: Part
    captions: tuple[str, ...]


def read_captioned(data: Path) -> list[Captioned]:
    """Return the photographs of Flickr8k's lists, and those of coco_mini's train part.

    Raises:
        SightGraphError: a data set is missing, or of another format.
    """
    found = [one for folder in FLICKR for one in read_captioned_folder(data / folder)]
    for photo in read_coco(data / COCO):
        if photo.captions and photo.split == TRAIN_SPLIT:
            name = f"{COCO}/{photo.file_name}"
            found.append(Captioned(name, data / name, "train", tuple(photo.captions)))
    return found


def read_captioned_folder(folder: Path, split: str | None = None) -> list[Captioned]:
    """Return the photographs of a folder in the format of flickr8k that have captions.

    split: only those of this official list: train, val or test.

    Raises:
        SightGraphError: its annotations.json is missing, or of another format.
    """
    return [
        Captioned(
            f"{folder.name}/{photo.file_name}",
            folder / photo.file_name,
            described_part(photo.split),
            tuple(photo.captions),
        )
        for photo in read_flickr8k(folder)
        if photo.captions and split in (None, photo.split)
    ]


def measured_photographs(folder: Path, split: str | None) -> list[Captioned]:
    """Return the photographs of a folder, or of one official list, on which something is measured.

    folder: in the format of flickr8k, or the folder of data sets that holds those of `FLICKR`.

    Raises:
        SightGraphError: as `read_captioned_folder`, or there is none.
    """
    folders = [folder / one for one in FLICKR if (folder / one).is_dir()] or [folder]
    found = [one for each in folders for one in read_captioned_folder(each, split)]
    if not found:
        raise SightGraphError(
            f"'{folder}' has no photograph with captions in the list '{split or 'any'}'. Leave "
            "--split out, or name train, val or test."
        )
    return found

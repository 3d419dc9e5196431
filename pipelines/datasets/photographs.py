"""The photographs of the folder of data sets: the part of each, and the teacher's boxes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from kg.errors import SightGraphError
from pipelines.datasets.coco import Labelled
from pipelines.datasets.daquar import read_photographs
from pipelines.datasets.flickr8k import read_flickr8k
from pipelines.datasets.splits import Part, coco_part, file_part, flickr_part

COCO, FLICKR, NYU = ("coco_mini", "okvqa"), ("flickr8k", "flickr8k_1k"), "daquar"
"""Folders whose photographs are known at their source by a number."""
Found = TypeVar("Found")


class PhotographParts:
    """Finds the part of a photograph by its path in the folder of data sets."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __call__(self, name: str) -> Part:
        """Return the part of `name`, such as "coco_mini/images/train2017/000000000009.jpg".

        Raises:
            SightGraphError: the photograph is not listed in the files of its data set.
        """
        folder = name.partition("/")[0]
        if folder in COCO:
            return coco_part(name)
        if folder in FLICKR:
            return flickr_part(name, _listed(self._flickr, name))
        if folder == NYU:
            return _listed(self._rooms, name)
        return file_part(name)

    @cached_property
    def _flickr(self) -> dict[str, str]:
        return {
            f"{folder}/{photo.file_name}": photo.split
            for folder in FLICKR
            if (self.data / folder).is_dir()
            for photo in read_flickr8k(self.data / folder)
        }

    @cached_property
    def _rooms(self) -> dict[str, Part]:
        photographs = read_photographs(self.data / NYU).values()
        return {one.file.relative_to(self.data).as_posix(): one.part for one in photographs}


def _listed(known: Mapping[str, Found], name: str) -> Found:
    if name not in known:
        raise SightGraphError(
            f"the photograph '{name}' is not listed in its data set, so nobody can tell whether "
            "it is held out. Take all files of a data set from the same release."
        )
    return known[name]


@dataclass(frozen=True, slots=True)
class TeacherPhoto:
    """A photograph, by its path in the folder of data sets, with the boxes of the teacher."""

    name: str
    part: Part
    boxes: Labelled


def read_teacher_boxes(data: Path) -> list[TeacherPhoto]:
    """Return the photographs of `teacher_boxes.json.gz`, in the file's order.

    Raises:
        SightGraphError: the file is not in `data`, or lists a photograph of an unknown part.
    """
    file = data / "teacher_boxes.json.gz"
    if not file.is_file():
        raise SightGraphError(
            f"there is no {file.name} in '{data}'. Set --data to the data folder."
        )
    boxes: dict[str, Labelled] = json.loads(gzip.decompress(file.read_bytes()))["boxes"]
    part = PhotographParts(data)
    return [TeacherPhoto(name, part(name), found) for name, found in boxes.items()]

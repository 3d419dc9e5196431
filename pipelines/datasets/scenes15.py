"""Folders of photographs of which each has one scene, such as scenes15.

The fifteen categories: Lazebnik, Schmid & Ponce, Beyond Bags of Features, CVPR 2006.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SightGraphError, unknown_name
from pipelines.datasets.splits import Part, file_part


@dataclass(frozen=True, slots=True)
class ScenePhoto:
    """A photograph, by its path in the folder, with its category's name there.

    split: the part that the file names, if it names one.
    """

    file_name: str
    part: Part
    scene: str
    split: str | None = None


def has_scenes(folder: Path) -> bool:
    """Return whether a folder is one that `read_scenes` reads."""
    return (folder / "annotations.json").is_file()


def read_scenes(folder: Path) -> list[ScenePhoto]:
    """Read the photographs of a folder like scenes15, in the order of annotations.json.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    file = folder / "annotations.json"
    try:
        images = json.loads(file.read_text(encoding="utf-8"))["images"]
        return [
            ScenePhoto(
                one["file_name"],
                file_part(one["file_name"], one.get("split")),
                one["scene"],
                one.get("split"),
            )
            for one in images
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as photographs of scenes: {error!r}. Each of its images "
            "needs a file_name and a scene."
        ) from error


ALL, HELD_OUT = "all", ("held-out", "validation")
"""Values of --split beside those that the file names."""


def measured_scenes(photos: list[ScenePhoto], split: str | None) -> list[ScenePhoto]:
    """Return the photographs that --split names, in their order.

    By default these are the photographs that training never reads: of an official train part only
    the share that training holds out, and all others. A file that names no parts is a set of its
    own, and is measured whole.

    Raises:
        UnknownNameError: the file names no such part.
    """
    if split is None:
        return [one for one in photos if one.split is None or one.part == "held-out"]
    if split == ALL:
        return photos
    if split in HELD_OUT:
        return [one for one in photos if one.part == "held-out"]
    named = {one.split for one in photos if one.split is not None}
    if split not in named:
        raise unknown_name("part of the photographs", split, [ALL, *HELD_OUT, *sorted(named)])
    return [one for one in photos if one.split == split]

"""Folders of photographs of which each has one scene, such as scenes15.

The fifteen categories: Lazebnik, Schmid & Ponce, Beyond Bags of Features, CVPR 2006.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, file_part


@dataclass(frozen=True, slots=True)
class ScenePhoto:
    """A photograph, by its path in the folder, with its category's name there."""

    file_name: str
    part: Part
    scene: str


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
                one["file_name"], file_part(one["file_name"], one.get("split")), one["scene"]
            )
            for one in images
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as photographs of scenes: {error!r}. Each of its images "
            "needs a file_name and a scene."
        ) from error

"""Flickr8k: photographs with five captions each (Hodosh et al., JAIR 2013)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, flickr_part


@dataclass(frozen=True, slots=True)
class FlickrPhoto:
    """A photograph; file_name: its path in the folder; split: the official one."""

    file_name: str
    split: str
    part: Part
    captions: list[str]


def read_flickr8k(folder: Path) -> list[FlickrPhoto]:
    """Read the photographs of a folder like flickr8k_1k, in the order of annotations.json.

    Raises:
        SightGraphError: the file is missing or of another format.
    """
    file = folder / "annotations.json"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        photos = {
            one["id"]: FlickrPhoto(
                one["file_name"], one["split"], flickr_part(one["file_name"], one["split"]), []
            )
            for one in content["images"]
        }
        for one in content["annotations"]:
            photos[one["image_id"]].captions.append(one["caption"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as Flickr8k's annotations: {error!r}. Give a folder like "
            "flickr8k_1k."
        ) from error
    return list(photos.values())

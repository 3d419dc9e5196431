"""A dialog as a JSON file, with which it goes on later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kg import schema
from kg.errors import SightGraphError
from kg.files import write_text
from kg.formats.json import as_json, of_document
from kg.graph import SceneGraph
from pipelines.answering.reader import Reader
from pipelines.corrected import CorrectedGraph
from pipelines.detections import Detection
from pipelines.dialog.eyes import View
from pipelines.dialog.session import MAX_TURNS, Dialog
from pipelines.dialog.turns import Turn
from pipelines.photo import Photo, PhotoSource
from pipelines.sightgraph import SightGraph

FORMAT = "sightgraph-dialog/1"


def document_of(dialog: Dialog) -> dict[str, Any]:
    """Return a dialog as a JSON object: the graph that it began with, and its turns."""
    return {
        "format": FORMAT,
        "scene": as_json(dialog.view.scene),
        "unset": list(dialog.view.unset),
        "turns": [one.as_json() for one in dialog.turns],
    }


def save(dialog: Dialog, target: str | Path) -> None:
    """Write a dialog to a JSON file, whole or not at all.

    Raises:
        SightGraphError: the folder is missing or not writable.
    """
    write_text(target, json.dumps(document_of(dialog), indent=1, ensure_ascii=False) + "\n")


def read(
    source: str | Path,
    sightgraph: SightGraph,
    photo: PhotoSource | None = None,
    reader: Reader | None = None,
) -> Dialog:
    """Return the dialog in a file that `save` wrote.

    Raises:
        SightGraphError: the file is missing or broken, or about another photograph.
    """
    document = schema.read_json(Path(source))
    return dialog_of(document, sightgraph, photo, source, reader)


def dialog_of(
    document: Any,
    sightgraph: SightGraph,
    photo: PhotoSource | None = None,
    source: str | Path = "the dialog",
    reader: Reader | None = None,
) -> Dialog:
    """Return the dialog of such an object, which goes on where it was.

    photo: the photograph; without it, no text in it can be read.

    Raises:
        SightGraphError: it is no dialog, or one about another photograph.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SightGraphError(f"'{source}' is no dialog: it lacks 'format': '{FORMAT}'.")
    scene = of_document(document.get("scene"), f"{source}, scene")
    try:
        unset = schema.texts(document.get("unset"), "unset")
        listed = schema.sequence(document.get("turns"), "turns")
        if len(listed) > MAX_TURNS:
            raise ValueError(f"turns has {len(listed)} members, more than {MAX_TURNS}")
        turns = [Turn.of_json(one) for one in listed]
    except KeyError as error:
        raise SightGraphError(f"{source}: a turn lacks {error}.") from error
    except ValueError as error:
        raise SightGraphError(f"{source}: {error}.") from error
    if photo is None:
        blank = CorrectedGraph(scene).photo()
        return Dialog(View(sightgraph, blank, scene, (), unset, is_blank=True), turns, reader)
    opened = Photo.open(photo)
    known = "" if scene.photo is None else scene.photo.sha256
    if known and opened.sha256 != known:
        raise SightGraphError(f"'{source}' is a dialog about another photograph.")
    seen = sightgraph.detect(opened)
    detections = tuple(seen) if _are_of(scene, seen) else ()
    return Dialog(View(sightgraph, opened, scene, detections, unset), turns, reader)


def _are_of(scene: SceneGraph, detections: Sequence[Detection]) -> bool:
    """Whether a graph was made of these detections, so that their features belong to its nodes."""
    return all(
        f"object:{at}" in scene and scene.node(f"object:{at}").label == one.label
        for at, one in enumerate(detections)
    )

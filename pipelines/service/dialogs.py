"""Dialogs about a photograph: begun, gone on with by their id, taken back, saved and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path
from PIL import Image
from pydantic import BaseModel, Field

from kg.errors import SightGraphError
from kg.formats.json import as_json
from pipelines.corrected import CorrectedGraph
from pipelines.dialog.saved import dialog_of, document_of
from pipelines.dialog.session import Dialog
from pipelines.dialog.turns import Turn
from pipelines.photo import Photo
from pipelines.reading.parser import LONGEST_TEXT
from pipelines.service.answers import Sha256
from pipelines.service.kept_dialogs import KeptDialog
from pipelines.service.state import Shared, State

routes = APIRouter(prefix="/api/dialogs")
NO_PHOTO = Photo(Image.new("RGB", (1, 1)), "none")
"""In place of the photograph between two turns: decoded ones would fill the memory."""
Name = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class DialogRequest(BaseModel):
    """What a dialog is about: a photograph, a corrected graph, both; or one that was saved."""

    photograph: Sha256 | None = None
    graph: dict[str, Any] | None = None
    dialog: dict[str, Any] | None = None


class TurnRequest(BaseModel):
    """What a person says."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


@routes.post("")
async def begin(about: DialogRequest, shared: Shared) -> dict[str, Any]:
    """Begin a dialog, or go on with a saved one; return its id and the graph."""

    def work() -> dict[str, Any]:
        dialog = _begun(shared, about)
        graph = as_json(dialog.graph)
        dialog.view = replace(dialog.view, photo=NO_PHOTO)
        name = shared.dialogs.add(KeptDialog(dialog, about.photograph))
        return {"id": name, "turns": len(dialog.turns), "graph": graph}

    return await shared.work(work)


@routes.post("/{name}")
async def say(name: Name, said: TurnRequest, shared: Shared) -> dict[str, Any]:
    """Return the turn that answers a text, and the graph with all turns."""

    def work() -> dict[str, Any]:
        with _open(shared, name) as dialog:
            turn = dialog.ask(said.text)
            return {"turn": turn.as_json(), "graph": as_json(dialog.graph)}

    return await shared.work(work)


@routes.post("/{name}/undo")
async def undo(name: Name, shared: Shared) -> dict[str, Any]:
    """Take the last turn back, and return it: null at the beginning."""

    def work() -> dict[str, Any]:
        with _open(shared, name) as dialog:
            turn: Turn | None = dialog.undo()
            taken = None if turn is None else turn.as_json()
            return {"turn": taken, "graph": as_json(dialog.graph)}

    return await shared.work(work)


@routes.get("/{name}/why")
async def why(name: Name, shared: Shared) -> dict[str, Any]:
    """Return the last answer with its evidence, as `sightgraph ask --json` prints it."""

    def work() -> dict[str, Any]:
        with _open(shared, name) as dialog:
            answer = dialog.answer()
            if answer is None:
                raise SightGraphError("nothing was asked yet. Ask a question first.")
            return {**answer.as_json(), "why": dialog.why()}

    return await shared.work(work)


@routes.get("/{name}")
async def saved(name: Name, shared: Shared) -> dict[str, Any]:
    """Return the dialog as JSON, with which it can be gone on with later."""
    return document_of(shared.dialogs.get(name).dialog)


@routes.delete("/{name}")
async def end(name: Name, shared: Shared) -> dict[str, Any]:
    """Forget a dialog."""
    shared.dialogs.remove(name)
    return {"ended": name}


def _begun(shared: State, about: DialogRequest) -> Dialog:
    photo = None if about.photograph is None else shared.photographs.open(about.photograph)
    if about.dialog is not None:
        if about.graph is not None:
            raise SightGraphError("a saved dialog has a graph of its own. Leave 'graph' out.")
        return dialog_of(about.dialog, shared.sightgraph, photo)
    graph = None if about.graph is None else CorrectedGraph.of_document(about.graph)
    if photo is None and graph is None:
        raise SightGraphError(
            "there is nothing to talk about. Give 'photograph', 'graph' or 'dialog'."
        )
    return Dialog.about(shared.sightgraph, photo, graph)


@contextmanager
def _open(shared: State, name: str) -> Iterator[Dialog]:
    """Yield a dialog with its photograph, while nobody else talks in it."""
    kept = shared.dialogs.get(name)
    with kept.lock:
        dialog = kept.dialog
        if kept.photograph is not None:
            photo = shared.photographs.open(kept.photograph)
        else:
            photo = CorrectedGraph(dialog.view.scene).photo()
        dialog.view = replace(dialog.view, photo=photo)
        try:
            yield dialog
        finally:
            dialog.view = replace(dialog.view, photo=NO_PHOTO)

"""Photographs in; answers, explanations and graphs out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Response, UploadFile
from pydantic import BaseModel, Field

from kg.errors import SightGraphError
from kg.formats.json import as_json
from kg.graph import SceneGraph
from pipelines.batch.album import graph_of
from pipelines.corrected import CorrectedGraph
from pipelines.explain import explain as explain_answer
from pipelines.modalities import Modality
from pipelines.modalities.opening import MAX_MODALITIES
from pipelines.photo import Photo
from pipelines.service.state import Shared, State
from pipelines.sightgraph import SightGraph

routes = APIRouter(prefix="/api")
MAX_TEXT = 1000
"""Characters of a question or caption."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the photograph")]
Modalities = Annotated[dict[str, Sha256], Field(max_length=MAX_MODALITIES)]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class QuestionRequest(BaseModel):
    """A question about a photograph, a corrected graph, or other modalities, or about several.

    modalities: ids of uploads, by name.
    """

    photograph: Sha256 | None = None
    graph: dict[str, Any] | None = None
    modalities: Modalities | None = None
    question: Text


class GraphRequest(BaseModel):
    """A photograph or other modalities, and a text that is linked into the graph."""

    photograph: Sha256 | None = None
    modalities: Modalities | None = None
    text: Text | None = None


class UploadedPhotograph(BaseModel):
    """An uploaded photograph; width and height in pixels."""

    id: str
    width: int
    height: int


@routes.post("/photographs")
async def upload(file: UploadFile, shared: Shared) -> UploadedPhotograph:
    """Keep a photograph for questions; its id is the SHA-256 of the file."""
    content = await file.read()
    try:
        name, found = await shared.work(lambda: shared.photographs.add(content))
    except SightGraphError as problem:
        raise HTTPException(415, str(problem)) from problem
    return UploadedPhotograph(id=name, width=found.width, height=found.height)


@routes.get("/photographs/{name}", response_class=Response)
async def photograph(
    name: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], shared: Shared
) -> Response:
    """Return a photograph as JPEG, upright."""
    return Response(shared.photographs.get(name).shown, media_type="image/jpeg")


@routes.post("/ask")
async def ask(asked: QuestionRequest, shared: Shared) -> dict[str, Any]:
    """Return what `sightgraph ask --json` prints, and the graph."""
    return await shared.work(lambda: answer_of(shared, asked))


@routes.post("/explain")
async def explain(asked: QuestionRequest, shared: Shared) -> dict[str, Any]:
    """Return what `sightgraph explain --json` prints, and the graph."""

    def work() -> dict[str, Any]:
        models, photo = _with_graph(shared, asked)
        if photo is None or asked.modalities:
            raise SightGraphError("only answers about photographs are explained.")
        found = explain_answer(models, photo, asked.question)
        return {**found.as_json(), "graph": as_json(found.answer.graph)}

    return await shared.work(work)


@routes.post("/graph")
async def graph(described: GraphRequest, shared: Shared) -> dict[str, Any]:
    """Return the graph of a photograph as JSON (docs/graph-format.md).

    That of a photograph of the album is the one with which it was added.
    """

    def work() -> dict[str, Any]:
        name, modalities = described.photograph, _opened(shared, described.modalities)
        if name is None:
            return as_json(shared.sightgraph.graph(None, described.text, modalities))
        kept = None if described.text or modalities else _in_album(shared, name)
        if kept is not None:
            return as_json(kept)
        photo = shared.photographs.open(name)
        return as_json(shared.sightgraph.graph(photo, described.text, modalities))

    return await shared.work(work)


def answer_of(shared: State, asked: QuestionRequest) -> dict[str, Any]:
    """Return the answer with its graph, as JSON.

    Raises:
        SightGraphError: the graph or the question cannot be used.
        HTTPException: 404 where the photograph or a modality is not there.
    """
    models, photo = _with_graph(shared, asked)
    answer = models.ask(photo, asked.question, modalities=_opened(shared, asked.modalities))
    return {**answer.as_json(), "graph": as_json(answer.graph)}


def _opened(shared: State, wanted: Mapping[str, str] | None) -> dict[str, Modality]:
    """Return the uploaded modalities."""
    return shared.modalities.open(wanted or {})


def _in_album(shared: State, name: str) -> SceneGraph | None:
    """Return the graph in the album, with its hash as its source: never a path of the server."""
    found = None if shared.album is None else graph_of(shared.album, name)
    if found is not None and found.photo is not None:
        found.photo = replace(found.photo, source=name)
    return found


def _with_graph(shared: State, asked: QuestionRequest) -> tuple[SightGraph, Photo | None]:
    """Return the models, with the corrected graph in place of the eyes, and the photograph."""
    photo = None if asked.photograph is None else shared.photographs.open(asked.photograph)
    if asked.graph is not None:
        corrected = CorrectedGraph.of_document(asked.graph)
        of = "" if corrected.graph.photo is None else corrected.graph.photo.sha256
        if photo is not None and of and of != photo.sha256:
            raise SightGraphError(
                "the graph is of another photograph. Send that photograph, or leave it out."
            )
        return corrected.in_place_of_eyes(shared.sightgraph), photo or corrected.photo()
    if photo is None and not asked.modalities:
        raise SightGraphError(
            "nothing is asked about. Give 'photograph', 'graph', 'modalities', or several."
        )
    return shared.sightgraph, photo

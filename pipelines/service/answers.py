"""Photographs in; answers, explanations and graphs out."""

from __future__ import annotations

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
from pipelines.photo import Photo
from pipelines.service.state import Shared, State
from pipelines.sightgraph import SightGraph

routes = APIRouter(prefix="/api")
MAX_TEXT = 1000
"""Characters of a question or caption."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the photograph")]
Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class QuestionRequest(BaseModel):
    """A question about a photograph, about a corrected graph, or about both."""

    photograph: Sha256 | None = None
    graph: dict[str, Any] | None = None
    question: Text


class GraphRequest(BaseModel):
    """A photograph, and a text that is linked into its graph."""

    photograph: Sha256
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
        found = explain_answer(models, photo, asked.question)
        return {**found.as_json(), "graph": as_json(found.answer.graph)}

    return await shared.work(work)


@routes.post("/graph")
async def graph(described: GraphRequest, shared: Shared) -> dict[str, Any]:
    """Return the graph of a photograph as JSON (docs/graph-format.md).

    That of a photograph of the album is the one with which it was added.
    """

    def work() -> dict[str, Any]:
        kept = None if described.text else _in_album(shared, described.photograph)
        if kept is not None:
            return as_json(kept)
        photo = shared.photographs.open(described.photograph)
        return as_json(shared.sightgraph.graph(photo, described.text))

    return await shared.work(work)


def answer_of(shared: State, asked: QuestionRequest) -> dict[str, Any]:
    """Return the answer with its graph, as JSON.

    Raises:
        SightGraphError: the graph or the question cannot be used.
        HTTPException: 404 where the photograph is not there.
    """
    models, photo = _with_graph(shared, asked)
    answer = models.ask(photo, asked.question)
    return {**answer.as_json(), "graph": as_json(answer.graph)}


def _in_album(shared: State, name: str) -> SceneGraph | None:
    """Return the graph in the album, with its hash as its source: never a path of the server."""
    found = None if shared.album is None else graph_of(shared.album, name)
    if found is not None and found.photo is not None:
        found.photo = replace(found.photo, source=name)
    return found


def _with_graph(shared: State, asked: QuestionRequest) -> tuple[SightGraph, Photo]:
    """Return the models, with the corrected graph in place of the eyes, and the photograph."""
    photo = None if asked.photograph is None else shared.photographs.open(asked.photograph)
    if asked.graph is not None:
        corrected = CorrectedGraph.of_document(asked.graph)
        return corrected.in_place_of_eyes(shared.sightgraph), photo or corrected.photo()
    if photo is None:
        raise SightGraphError("nothing is asked about. Give 'photograph', 'graph', or both.")
    return shared.sightgraph, photo

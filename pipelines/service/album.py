"""The album: photographs found by what they show, their thumbnails, and one of them opened."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response
from starlette.concurrency import run_in_threadpool

from kg.errors import SightGraphError
from pipelines.batch.album import find, sources
from pipelines.batch.photo_files import PhotoFiles
from pipelines.photo import Photo
from pipelines.service.answers import MAX_TEXT, UploadedPhotograph
from pipelines.service.state import Shared, State

routes = APIRouter(prefix="/api/album")
SIDE = 240
"""Longer side of a thumbnail, in pixels."""
QUALITY = 80
"""Of its JPEG."""
MAX_FOUND = 100
Name = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the photograph")]


@routes.get("")
async def search(
    text: Annotated[str, Query(min_length=1, max_length=MAX_TEXT)],
    shared: Shared,
    limit: Annotated[int, Query(ge=1, le=MAX_FOUND)] = 24,
) -> list[dict[str, Any]]:
    """Return the photographs that show what a text describes, the surest first."""
    sentence = await shared.work(lambda: shared.sightgraph.parser(text))
    async with _query(shared):
        found = await run_in_threadpool(find, _folder(shared), sentence, shared.knowledge, limit)
    return [
        {
            "id": one.sha256,
            "name": FilePath(one.photo).name,
            "score": one.score,
            "labels": list(one.labels),
        }
        for one in found
    ]


@routes.get("/{name}/thumbnail", response_class=Response)
async def thumbnail(name: Name, shared: Shared) -> Response:
    """Return a small picture of a photograph of the album, as JPEG."""
    content = await _content(shared, name)
    picture = await run_in_threadpool(_small, content)
    return Response(picture, media_type="image/jpeg")


@routes.post("/{name}")
async def take(name: Name, shared: Shared) -> UploadedPhotograph:
    """Take a photograph of the album for questions, as if it had been uploaded."""
    content = await _content(shared, name)
    _, found = await run_in_threadpool(shared.photographs.add, content)
    return UploadedPhotograph(id=name, width=found.width, height=found.height)


async def _content(shared: State, name: str) -> bytes:
    """Return the file of a photograph of the album.

    Raises:
        HTTPException: 404 where it is not in the album, or its file is gone or another now.
    """
    if name not in shared.album_files:
        async with _query(shared):
            shared.album_files = await run_in_threadpool(sources, _folder(shared))
    source = shared.album_files.get(name)
    content = None if source is None else await run_in_threadpool(_read, source)
    if content is None or sha256(content).hexdigest() != name:
        raise HTTPException(404, f"the album has no photograph '{name}', or its file is gone.")
    return content


@asynccontextmanager
async def _query(shared: State) -> AsyncIterator[None]:
    """Take one of the places for queries.

    Raises:
        HTTPException: 503 where all are taken.
    """
    if shared.queries.locked():
        raise HTTPException(503, "too many queries are running.", {"Retry-After": "2"})
    async with shared.queries:
        yield


def _folder(shared: State) -> FilePath:
    assert shared.album is not None, "the routes are there only with an album"
    return shared.album


def _read(source: str) -> bytes | None:
    try:
        return PhotoFiles().content(source)
    except SightGraphError:
        return None


def _small(content: bytes) -> bytes:
    image = Photo.open(content).image
    image.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()

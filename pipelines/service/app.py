"""The application: the inspector at /, its API at /api, health and metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse

from kg.errors import SightGraphError
from kg.formats.html import live_page
from pipelines.service import album as album_routes
from pipelines.service import (
    answers,
    captions,
    dialogs,
    drawing,
    jobs,
    knowledge,
    modalities,
    search,
    video,
)
from pipelines.service.errors import add_handlers
from pipelines.service.guard import Guard
from pipelines.service.settings import Settings
from pipelines.service.state import Shared, State
from pipelines.sightgraph import SightGraph

if TYPE_CHECKING:
    from pipelines.search.library import Library

MAX_CONNECTIONS = 256


def create_app(
    sightgraph: SightGraph,
    settings: Settings | None = None,
    album: Path | None = None,
    library: Library | None = None,
) -> FastAPI:
    """Return the service of these models.

    album: the folder of an album that its page searches. library: photographs that are searched.

    Raises:
        SightGraphError: other machines can reach the address, and there is no token.
    """
    settings = settings or Settings()
    if not settings.is_local and not settings.token:
        raise SightGraphError(
            f"other machines can reach '{settings.host}', which needs a token. Give --token FILE."
        )
    shared = State(sightgraph, settings, album, library)
    page = live_page(album is not None)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        shared.work.close()

    app = FastAPI(title="SightGraph", version=version("sightgraph"), lifespan=lifespan)
    app.state.shared = shared
    app.add_middleware(Guard, settings=settings, metrics=shared.metrics)
    add_handlers(app)
    for part, there in (
        (answers, True),
        (captions, True),
        (dialogs, True),
        (drawing, True),
        (knowledge, True),
        (modalities, True),
        (jobs, True),
        (video, True),
        (album_routes, album is not None),
        (search, library is not None),
    ):
        if there:
            app.include_router(part.routes)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def inspector() -> str:
        return page

    @app.get("/health")
    async def health(shared: Shared) -> dict[str, object]:
        """Return that the service answers, and how much is waiting."""
        return {"status": "ok", "waiting": shared.work.waiting, "models": sightgraph.models}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics(shared: Shared) -> str:
        """Return counts and times for Prometheus."""
        running = sum(not one.is_done for one in shared.jobs.values())
        return shared.metrics.text({"waiting": shared.work.waiting, "running_jobs": running})

    return app


def serve(app: FastAPI, settings: Settings, port: int) -> None:
    """Answer requests until interrupted."""
    import uvicorn

    uvicorn.run(
        app,
        host=settings.host,
        port=port,
        limit_concurrency=MAX_CONNECTIONS,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=5,
    )

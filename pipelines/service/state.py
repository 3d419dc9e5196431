"""What the routes share."""

from __future__ import annotations

import asyncio
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request

from kg.linking import Linker
from pipelines.service.metrics import Metrics
from pipelines.service.photographs import Photographs
from pipelines.service.settings import Settings
from pipelines.service.work import WorkQueue
from pipelines.sightgraph import SightGraph

if TYPE_CHECKING:
    from pipelines.captioning.captioner import Writer
    from pipelines.drawing.drawer import Drawer
    from pipelines.search.library import Library
    from pipelines.service.kept_dialogs import KeptDialogs
    from pipelines.service.kept_modalities import KeptModalities


class State:
    """The models, loaded once, and what is remembered between requests."""

    def __init__(
        self,
        sightgraph: SightGraph,
        settings: Settings,
        album: Path | None,
        library: Library | None = None,
    ) -> None:
        self.sightgraph, self.settings = sightgraph, settings
        self.album, self.library = album, library
        self.knowledge = sightgraph.knowledge
        self.linker = Linker(self.knowledge)
        self.work = WorkQueue(settings.workers, settings.waiting, settings.seconds)
        self.photographs = Photographs(settings.photograph_bytes)
        self.metrics = Metrics()
        self.queries = asyncio.Semaphore(settings.queries)
        self.jobs: dict[str, Any] = {}
        self.album_files: dict[str, str] = {}

    @cached_property
    def modalities(self) -> KeptModalities:
        """Uploaded sounds and feature vectors."""
        from pipelines.service.kept_modalities import KeptModalities

        return KeptModalities(self.settings.modality_bytes)

    @cached_property
    def dialogs(self) -> KeptDialogs:
        """Dialogs between two turns."""
        from pipelines.service.kept_dialogs import KeptDialogs

        return KeptDialogs(self.settings.dialogs)

    @cached_property
    def captioner(self) -> Writer:
        """Writes captions; loaded by the first request for one."""
        from pipelines.captioning.captioner import Captioner

        return Captioner()

    @cached_property
    def drawer(self) -> Drawer:
        """Draws texts; loaded by the first request for a picture."""
        return self.sightgraph.drawer


def _state(request: Request) -> State:
    found: State = request.app.state.shared
    return found


Shared = Annotated[State, Depends(_state)]

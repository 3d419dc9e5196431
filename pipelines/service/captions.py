"""A sentence about a photograph, and what in the graph it rests on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kg.formats.json import as_json
from pipelines.captioning.captioner import BEAMS, describe
from pipelines.service.answers import Sha256
from pipelines.service.state import Shared

routes = APIRouter(prefix="/api")
MAX_BEAMS = 10


class CaptionRequest(BaseModel):
    """A photograph, and how it is written about."""

    photograph: Sha256
    beams: Annotated[int, Field(ge=1, le=MAX_BEAMS)] = BEAMS
    style: Literal["usual", "short", "detailed"] = "usual"


@routes.post("/caption")
async def caption(asked: CaptionRequest, shared: Shared) -> dict[str, Any]:
    """Return what `sightgraph caption --json` prints, and the graph."""

    def work() -> dict[str, Any]:
        photo = shared.photographs.open(asked.photograph)
        found = describe(shared.sightgraph, shared.captioner, photo, asked.beams, asked.style)
        return {**found.as_json(), "graph": as_json(found.graph)}

    return await shared.work(work)

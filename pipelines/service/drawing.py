"""Pictures from text, with their graphs."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kg.formats.json import as_json
from pipelines.service.answers import Text
from pipelines.service.state import Shared

routes = APIRouter(prefix="/api")
MAX_SEED = 2**31


class DrawRequest(BaseModel):
    """A text, and which of its layouts is drawn."""

    text: Text
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] = 0


@routes.post("/draw")
async def draw(asked: DrawRequest, shared: Shared) -> dict[str, Any]:
    """Return what `sightgraph draw --json` prints, the picture as SVG and PNG, and the graph."""

    def work() -> dict[str, Any]:
        found = shared.drawer(asked.text, asked.seed)
        png = base64.b64encode(found.png()).decode("ascii")
        return {**found.as_json(), "svg": found.svg, "png": png, "graph": as_json(found.graph)}

    return await shared.work(work)

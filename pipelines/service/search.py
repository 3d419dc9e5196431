"""Photographs of an index, found by a text, and why they match."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from pipelines.service.answers import Text
from pipelines.service.state import Shared

routes = APIRouter(prefix="/api")
MAX_FOUND = 100


class SearchRequest(BaseModel):
    """What is searched for, and how many photographs are wanted."""

    text: Text
    limit: Annotated[int, Field(ge=1, le=MAX_FOUND)] = 10


@routes.post("/search")
async def search(asked: SearchRequest, shared: Shared) -> list[dict[str, Any]]:
    """Return what `sightgraph search --json` prints, with the files' names, not their paths."""

    def work() -> list[dict[str, Any]]:
        assert shared.library is not None, "the route is there only with an index"
        found = shared.library.find_by_text(asked.text, shared.sightgraph.parser, asked.limit)
        return [{**one.as_json(), "id": Path(one.id).name} for one in found]

    return await shared.work(work)

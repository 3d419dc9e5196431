"""Uploads of sounds and feature vectors, for questions beside photographs."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, UploadFile
from pydantic import BaseModel

from kg.errors import SightGraphError
from pipelines.modalities import check_name
from pipelines.service.state import Shared

routes = APIRouter(prefix="/api")
LONGEST_ENDING = 12


class UploadedModality(BaseModel):
    """An uploaded modality: T vectors of D numbers, and how long they last, if they have time."""

    id: str
    vectors: int
    features: int
    seconds: float | None


@routes.post("/modalities")
async def upload(
    file: UploadFile, shared: Shared, name: Annotated[str, Form(max_length=40)] = "sound"
) -> UploadedModality:
    """Keep a sound or feature vectors for questions; the id is the SHA-256 of the file."""
    check_name(name)
    content = await file.read()
    ending = PurePath(file.filename or "").suffix[:LONGEST_ENDING]
    try:
        found = await shared.work(lambda: shared.modalities.add(name, content, ending))
    except SightGraphError as problem:
        raise HTTPException(415, str(problem)) from problem
    rows, features = found.vectors.shape
    seconds = found.intervals[0].length if found.intervals else None
    return UploadedModality(id=found.sha256, vectors=rows, features=features, seconds=seconds)

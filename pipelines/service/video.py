"""Videos, uploaded and watched as a job: its progress, its events and graph, and its page."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Form, HTTPException, Response, UploadFile

from kg.errors import SightGraphError
from kg.formats.json import as_json
from pipelines.service.answers import MAX_TEXT
from pipelines.service.jobs import Job, begin
from pipelines.service.state import Shared, State

routes = APIRouter(prefix="/api/video")
STEPS = 20
"""Rows of progress of a job, before the row of its result."""
TOGETHER = 4
"""Frames that are watched at a time, between which other requests have their turn."""
MAX_QUESTIONS = 20
Result = TypeVar("Result")


@dataclass
class VideoJob(Job):
    """A job whose last row is the result. page: the time line as HTML, when it is done."""

    page: str = ""


@routes.post("", status_code=202)
async def start(
    file: UploadFile,
    shared: Shared,
    question: Annotated[list[str] | None, Form(max_length=MAX_QUESTIONS)] = None,
    rate: Annotated[float, Form(ge=0.5, le=30)] = 10.0,
) -> dict[str, Any]:
    """Begin to watch a video; its rows, and its end, are those of the job (/api/jobs/{id}).

    A row is {"seconds", "duration"} of what is watched, or {"error"}; the last row is the object
    of `sightgraph video --json`, with "graph".
    """
    questions = question or []
    if any(not 0 < len(one) <= MAX_TEXT for one in questions):
        raise SightGraphError(f"a question has 1 to {MAX_TEXT} characters.")
    content = await file.read()
    job = VideoJob(STEPS + 1)
    return begin(shared, job, lambda: _run(shared, job, content, questions, rate))


@routes.get("/{name}/page", response_class=Response)
async def page(name: str, shared: Shared) -> Response:
    """Return the page with the time line of a video that was watched."""
    job = shared.jobs.get(name)
    if not isinstance(job, VideoJob) or not job.page:
        raise HTTPException(404, "there is no such video, or it is not watched yet.")
    policy = {"Content-Security-Policy": "sandbox allow-scripts"}
    return Response(job.page, media_type="text/html; charset=utf-8", headers=policy)


async def _run(
    shared: State, job: VideoJob, content: bytes, questions: list[str], rate: float
) -> None:
    with tempfile.TemporaryDirectory(prefix="sightgraph-") as folder:
        file = Path(folder) / "video"
        try:
            file.write_bytes(content)
            del content
            await _watch(shared, job, file, questions, rate)
        except HTTPException as problem:
            job.add({"error": problem.detail})
        except Exception as problem:  # a broken video is the end of its job, and of nothing else
            job.add({"error": str(problem)})


async def _watch(
    shared: State, job: VideoJob, file: Path, questions: list[str], rate: float
) -> None:
    from pipelines.video.answers import answer
    from pipelines.video.frames import Limits, Video
    from pipelines.video.page import page as page_of
    from pipelines.video.watch import Options, WatchedVideo, watching

    eyes, settings = shared.sightgraph, shared.settings
    limits = Limits(settings.video_bytes, settings.video_seconds)
    video = await shared.work.in_turn(lambda: Video.open(file, limits, name="video"))
    steps = watching(eyes, video, Options(rate))
    told = 0
    while True:
        done, watched = await shared.work.in_turn(lambda: _some(steps))
        if watched is not None:
            break
        step = int(STEPS * min(done / max(video.duration, 1e-3), 1.0))
        if step > told:
            told = step
            job.add({"seconds": round(done, 2), "duration": round(video.duration, 2)})

    def result(found: WatchedVideo) -> tuple[dict[str, Any], str]:
        answers = [answer(eyes, found, one) for one in questions]
        told = {**found.as_json(), "answers": [one.as_json() for one in answers]}
        return {**told, "graph": as_json(found.graph)}, page_of(found, answers)

    row, job.page = await shared.work.in_turn(lambda: result(watched))
    job.total = len(job.rows) + 1
    job.add(row)


def _some(steps: Generator[float, None, Any]) -> tuple[float, Any]:
    """Watch a few frames; return the seconds that are done, and at the end what was seen."""
    done = 0.0
    for _ in range(TOGETHER):
        try:
            done = next(steps)
        except StopIteration as end:
            return done, end.value
    return done, None

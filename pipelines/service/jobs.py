"""Many questions in one job, with its progress as server-sent events."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from kg.errors import SightGraphError
from pipelines.service.answers import QuestionRequest, answer_of
from pipelines.service.state import Shared, State

routes = APIRouter(prefix="/api/jobs")


class Questions(BaseModel):
    """The questions of a job."""

    questions: Annotated[list[QuestionRequest], Field(min_length=1)]


@dataclass
class Job:
    """A job and the rows that it has so far: answers, or {"error": ...}."""

    total: int
    rows: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def is_done(self) -> bool:
        """Whether no more rows will come."""
        return self.task is not None and self.task.done()

    def add(self, row: dict[str, Any]) -> None:
        """Add a row, and wake those who wait for it."""
        self.rows.append(row)
        self.wake()

    def wake(self) -> None:
        """Let those who wait look again."""
        self.changed.set()
        self.changed = asyncio.Event()


@routes.post("", status_code=202)
async def start(asked: Questions, shared: Shared) -> dict[str, Any]:
    """Begin a job; its answers come one after another."""
    if len(asked.questions) > shared.settings.job_questions:
        raise SightGraphError(f"a job has at most {shared.settings.job_questions} questions.")
    job = Job(len(asked.questions))
    return begin(shared, job, lambda: _run(shared, job, asked.questions))


def begin(shared: State, job: Job, run: Callable[[], Coroutine[Any, Any, None]]) -> dict[str, Any]:
    """Begin a job, and forget the oldest ones that are done; return its name and its rows' number.

    Raises:
        HTTPException: 503 where too many are running.
    """
    settings, jobs = shared.settings, shared.jobs
    if sum(not one.is_done for one in jobs.values()) >= settings.running_jobs:
        raise HTTPException(503, "too many jobs are running.", {"Retry-After": "10"})
    name = uuid.uuid4().hex
    jobs[name] = job
    job.task = asyncio.create_task(run())
    job.task.add_done_callback(lambda _: job.wake())
    done = [one for one, other in jobs.items() if other.is_done]
    for one in done[: max(0, len(jobs) - settings.jobs)]:
        del jobs[one]
    return {"id": name, "total": job.total}


@routes.get("/{name}")
async def state(name: str, shared: Shared) -> dict[str, Any]:
    """Return how far a job is, and its rows."""
    job = _job(shared, name)
    return {"id": name, "total": job.total, "is_done": job.is_done, "rows": job.rows}


@routes.delete("/{name}", status_code=204, response_class=Response)
async def remove(name: str, shared: Shared) -> Response:
    """End a job and forget its rows."""
    job = _job(shared, name)
    if job.task is not None:
        job.task.cancel()
    del shared.jobs[name]
    return Response(status_code=204)


@routes.get("/{name}/events", response_class=StreamingResponse)
async def events(
    name: str, shared: Shared, last_event_id: Annotated[int, Header(ge=-1)] = -1
) -> StreamingResponse:
    """Send an event `row` for each answer, and `end`; begins after the header Last-Event-ID."""
    job = _job(shared, name)
    return StreamingResponse(_events(job, last_event_id + 1), media_type="text/event-stream")


async def _events(job: Job, place: int) -> AsyncIterator[str]:
    while True:
        changed = job.changed
        while place < len(job.rows):
            row = {"done": place + 1, "total": job.total, "row": job.rows[place]}
            yield f"id: {place}\nevent: row\ndata: {json.dumps(row)}\n\n"
            place += 1
        if job.is_done:
            yield "event: end\ndata: {}\n\n"
            return
        await changed.wait()


async def _run(shared: State, job: Job, questions: list[QuestionRequest]) -> None:
    for question in questions:
        job.add(await _row(shared, question))


async def _row(shared: State, question: QuestionRequest) -> dict[str, Any]:
    try:
        return await shared.work.in_turn(lambda: answer_of(shared, question))
    except HTTPException as problem:
        return {"question": question.question, "error": problem.detail}
    except Exception as problem:  # one question's failure is not the end of the others
        return {"question": question.question, "error": str(problem)}


def _job(shared: State, name: str) -> Job:
    if name not in shared.jobs:
        raise HTTPException(404, "there is no such job.")
    found: Job = shared.jobs[name]
    return found

"""A bounded queue in front of the models, which are loaded once."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from fastapi import HTTPException

RETRY_SECONDS = 0.5
"""After which somebody who waits for room in the queue looks again."""
Result = TypeVar("Result")
_Task = tuple["Future[Any]", Callable[[], Any]]


class QueueFull(HTTPException):
    """The queue has no room."""


class WorkQueue:
    """Runs functions on a few threads; those that do not fit are refused.

    waiting: functions that may wait. seconds: after which a caller is sent away.
    """

    def __init__(self, workers: int, waiting: int, seconds: float) -> None:
        self.seconds = seconds
        self._tasks: queue.Queue[_Task | None] = queue.Queue(waiting)
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Functions that no thread has taken yet."""
        return self._tasks.qsize()

    async def __call__(self, function: Callable[[], Result]) -> Result:
        """Run `function` on a thread of the queue.

        Raises:
            HTTPException: 503 where the queue is full, or the time is over. What has begun by
                then ends in the background; what has not is left out.
        """
        future: Future[Result] = Future()
        try:
            self._tasks.put_nowait((future, function))
        except queue.Full:
            raise QueueFull(
                503, "too much is waiting. Try again in a moment.", {"Retry-After": "2"}
            ) from None
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.seconds)
        except TimeoutError:
            raise HTTPException(
                503, f"not done within {self.seconds:g} s. Try again.", {"Retry-After": "10"}
            ) from None

    async def in_turn(self, function: Callable[[], Result]) -> Result:
        """Run a part of a job, as soon as the queue has room.

        Raises:
            HTTPException: 503 where the time is over.
        """
        while True:
            try:
                return await self(function)
            except QueueFull:
                await asyncio.sleep(RETRY_SECONDS)

    def close(self) -> None:
        """End the threads after what they are doing."""
        while True:
            try:
                self._tasks.get_nowait()
            except queue.Empty:
                break
        for _ in self._threads:
            self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            future, function = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as problem:
                    future.set_exception(problem)

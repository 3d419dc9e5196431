"""The queue in front of the models."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from fastapi import HTTPException

from pipelines.service.work import WorkQueue

Finished = Callable[[Coroutine[Any, Any, Any]], Any]


def test_what_does_not_fit_is_refused_and_the_rest_is_done_in_order(finished: Finished) -> None:
    go, done = threading.Event(), []

    async def ask() -> list[object]:
        work = WorkQueue(workers=1, waiting=2, seconds=10)
        first = asyncio.create_task(work(lambda: go.wait()))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(work(lambda n=n: done.append(n))) for n in range(4)]
        await asyncio.sleep(0.05)
        go.set()
        results = await asyncio.gather(first, *others, return_exceptions=True)
        work.close()
        return results

    results = finished(ask())
    assert done == [0, 1]
    refused = [one for one in results if isinstance(one, HTTPException)]
    assert [one.status_code for one in refused] == [503, 503]


def test_what_takes_too_long_is_given_up_and_never_begun(finished: Finished) -> None:
    go, done = threading.Event(), []

    async def ask() -> None:
        work = WorkQueue(workers=1, waiting=2, seconds=0.05)
        both = [work(lambda: go.wait()), work(lambda: done.append(1))]
        for one in await asyncio.gather(*both, return_exceptions=True):
            assert isinstance(one, HTTPException)
            assert one.status_code == 503
        go.set()
        work.close()

    finished(ask())
    assert done == []


def test_an_error_reaches_who_asked(finished: Finished) -> None:
    with pytest.raises(ZeroDivisionError):
        finished(WorkQueue(1, 1, 10)(lambda: 1 / 0))

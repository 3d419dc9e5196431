"""The engine of one machine: one task after another, or several at once in processes."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import Any

from kg.errors import SightGraphError, SightGraphWarning
from pipelines.batch.engines import Engine, Row, Work

WAITING_PER_JOB = 2
"""Tasks that a process finds ready when it has done one."""


class LocalEngine(Engine):
    """Processes of this machine, each with models of its own.

    jobs: processes; None: one, which is this process.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = jobs or 1

    def __call__(
        self, make_work: Callable[[], Work], tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Row]]:
        return run(make_work, tasks, self.jobs)

    def __exit__(self, *error: object) -> None:
        """Do nothing: the processes end with their tasks."""


def run(
    make_work: Callable[[], Work], tasks: Sequence[Any], jobs: int = 1
) -> Iterator[tuple[int, Row]]:
    """Yield each task's place among `tasks` with its row, as soon as it is done.

    A task that fails has a row with `error`, and the others go on. Warnings stand in `warnings`.

    make_work: loads the models and returns the work; called once in each process, so it and the
        tasks must be picklable where `jobs` is more than 1.

    Raises:
        Exception: as `make_work`.
    """
    if jobs <= 1:
        work = make_work()
        for place, task in enumerate(tasks):
            yield place, row_of(work, task)
        return
    waiting = iter(range(len(tasks)))
    suspects = yield from _until_a_process_dies(make_work, tasks, waiting, jobs)
    while suspects:
        for place in suspects:
            yield place, _alone(make_work, tasks[place])
        suspects = yield from _until_a_process_dies(make_work, tasks, waiting, jobs)


def _until_a_process_dies(
    make_work: Callable[[], Work], tasks: Sequence[Any], waiting: Iterator[int], jobs: int
) -> Generator[tuple[int, Row], None, list[int]]:
    """Yield rows; return the tasks that had been given to processes when one of them died."""
    suspects: list[int] = []
    running: dict[Future[Row], int] = {}
    pool = _pool(make_work, jobs)
    try:
        while True:
            room = 0 if suspects else jobs * WAITING_PER_JOB - len(running)
            for place in islice(waiting, room):
                try:
                    running[pool.submit(_in_process, tasks[place])] = place
                except BrokenProcessPool:
                    suspects.append(place)
            if not running:
                return suspects
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                place = running.pop(future)
                try:
                    row = future.result()
                except BrokenProcessPool:
                    suspects.append(place)
                else:
                    yield place, row
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _alone(make_work: Callable[[], Work], task: Any) -> Row:
    """Do a task that was running when a process died; it may be the one that kills it."""
    with _pool(make_work, 1) as pool:
        try:
            return pool.submit(_in_process, task).result()
        except BrokenProcessPool:
            return {"error": "its process ended; memory may be short. Try fewer --jobs."}


def _pool(make_work: Callable[[], Work], jobs: int) -> ProcessPoolExecutor:
    # Spawned: a fork of a process with torch's threads may hang.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, context, initializer=_start, initargs=(make_work,))


_work: list[Work | Exception] = []
"""The work of this process, or why there is none; only a process of a pool fills it."""


def _start(make_work: Callable[[], Work]) -> None:
    try:
        _work[:] = [make_work()]
    except Exception as error:  # of an initialiser, the pool would not say what it was
        _work[:] = [error]


def _in_process(task: Any) -> Row:
    work = _work[0]
    if isinstance(work, Exception):
        raise work
    return row_of(work, task)


def row_of(work: Work, task: Any) -> Row:
    """Do a task; return its row, or one with `error`. Warnings stand in `warnings`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", SightGraphWarning)
        try:
            row = work(task)
        except SightGraphError as error:
            row = {"error": str(error)}
        except Exception as error:  # one photograph's failure is not the end of the others
            row = {"error": f"unexpected {type(error).__name__}: {error}"}
    said = [str(one.message) for one in caught if issubclass(one.category, SightGraphWarning)]
    return row | {"warnings": said} if said else row

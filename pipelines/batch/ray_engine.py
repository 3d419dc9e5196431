"""The engine of a cluster: Ray Data hands groups of tasks to actors that load the models once.

Only tasks and rows pass through Ray's object store, as JSON: workers read photographs where they
lie, and write results where they are to be. The work itself is a function, which Ray serialises.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from kg.errors import SightGraphError
from pipelines.batch.engines import Engine, GroupWork, Row, Work
from pipelines.batch.run import row_of

if TYPE_CHECKING:
    from pyarrow import Table

GROUP = 64
"""Tasks that a worker does before its rows arrive; what is lost at most when it is killed."""
GROUPS_PER_WORKER = 4
"""Fewer tasks are divided into at least so many groups for each worker, so that all have work."""
RETRIES = 2
"""Times that a group is given to another worker when its worker dies."""
WAITING_PER_WORKER = 2
"""Groups that a worker has, the one that it does included: it never waits for the driver."""
SECONDS = 10.0
"""To wait for a cluster to answer."""
STORE_BYTES = 500_000_000
"""Of the object store, what a run may use, and the size of that of a cluster of our own.

A group and its rows have about 30 kB."""
_ROW, _FAILURE = "row", "failure"
"""What a worker returns for a task: its row, or why the models could not be loaded."""
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # Ray sends its makers nothing
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # its logs are in /tmp/ray, and not on the terminal
    "RAY_DATA_LOG_LEVEL": "CRITICAL",
}
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "passive",
}


class RayEngine(Engine):
    """Actors with one core each, on the machines of a Ray cluster.

    jobs: actors at most; None: one for each core of the cluster.
    address: of the cluster, HOST:PORT, "auto" or ray://HOST:10001; None: $RAY_ADDRESS, or a cluster
        of this machine alone that ends with the run.
    """

    writes_parts: ClassVar[bool] = True

    def __init__(self, jobs: int | None = None, address: str | None = None) -> None:
        self.jobs = jobs
        self.address = address or os.environ.get("RAY_ADDRESS") or "local"
        self._connected = False

    def __enter__(self) -> Self:
        """Connect to the cluster.

        Raises:
            SightGraphError: Ray is not installed, or there is no such cluster.
        """
        for name, value in _QUIET.items():  # read when ray is imported
            os.environ.setdefault(name, value)
        try:
            import ray
        except ImportError as error:
            raise SightGraphError(
                "the engine 'ray' needs Ray. Install it: pip install 'sightgraph[ray]'."
            ) from error
        _check_reachable(self.address)
        if ray.is_initialized():
            return self
        own: dict[str, Any] = {"num_cpus": self.jobs, "object_store_memory": STORE_BYTES}
        given = {**own, "include_dashboard": False} if self.address == "local" else {}
        try:
            ray.init(self.address, log_to_driver=False, logging_level=logging.ERROR, **given)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise _no_cluster(self.address, str(error).splitlines()[0]) from error
        self._connected = True
        return self

    def __exit__(self, *error: object) -> None:
        """End the workers; a cluster of this run alone ends too."""
        if self._connected:
            import ray

            ray.shutdown()
            self._connected = False

    def __call__(
        self, make_work: Callable[[], Work], tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Row]]:
        """Yield the rows; a task whose workers died is done again alone, and then is an error."""
        left = dict.fromkeys(range(len(tasks)))
        workers, folder = self.workers(), os.getcwd()
        of_row = getattr(type(tasks[0]), "of_row", None) if tasks else None
        group = max(1, min(GROUP, -(-len(tasks) // (workers * GROUPS_PER_WORKER))))
        for size, waiting in ((group, WAITING_PER_WORKER), (1, 1)):
            groups = [[*left][first : first + size] for first in range(0, len(left), size)]
            some = {one: _as_text(tasks[one], of_row) for one in left}
            given = _Groups(make_work, some, of_row, groups, workers, waiting, folder)
            for place, row in self._rows(given) if groups else ():
                if place in left:
                    del left[place]
                    yield place, row
        for place in left:
            died = f"its worker died {RETRIES + 1} times; memory may be short."
            yield place, {"error": f"{died} Start Ray with fewer --num-cpus."}

    def workers(self) -> int:
        """Return how many workers there are at most."""
        import ray

        cores = int(ray.cluster_resources().get("CPU", 1))
        return max(1, min(cores, self.jobs or cores))

    def _rows(self, given: _Groups) -> Iterator[tuple[int, Row]]:
        """Yield the rows of the groups as they come; those of groups that failed do not come.

        Raises:
            SightGraphError: a worker could not load its models.
        """
        import ray

        if self.address.startswith("ray://"):  # Ray Data runs inside a cluster only
            remote = ray.remote(num_cpus=0)(_Remote).remote(given)
            batches = iter(lambda: ray.get(remote.batch.remote()), None)
        else:
            batches = _batches(given)
        for batch in batches:
            for place, text in batch:
                done = json.loads(text)
                if _FAILURE in done:
                    raise SightGraphError(done[_FAILURE])
                yield place, done[_ROW]


def _as_text(task: Any, of_row: Callable[[Row], Any] | None) -> str:
    """Return a task as JSON: its row, or the value itself where it is no object of a class.

    Raises:
        TypeError: the row does not hold all of the task.
    """
    if of_row is None:
        return json.dumps(task)
    text = json.dumps(task.row)
    if of_row(json.loads(text)) != task:
        raise TypeError(f"{task} is more than its row, and cannot be given to another machine.")
    return text


def _check_reachable(address: str) -> None:
    """Find out in seconds whether something listens there, for which Ray takes minutes.

    Raises:
        SightGraphError: nothing does.
    """
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        if parts.hostname and parts.port:
            socket.create_connection((parts.hostname, parts.port), SECONDS).close()
    except (OSError, ValueError) as error:
        raise _no_cluster(address, f"{error}.") from error


def _no_cluster(address: str, reason: str) -> SightGraphError:
    return SightGraphError(
        f"there is no Ray cluster at '{address}': {reason} Start one with 'ray start --head', and "
        "give its --address."
    )


@dataclass(frozen=True)
class _Groups:
    """The places in `tasks` that each group has, and what does them.

    tasks: as JSON. of_row: makes a task of it; None where it is one as it is. workers: at most.
    waiting: groups that a worker has at a time, all of which its death costs a try. folder: of the
        command.
    """

    make_work: Callable[[], Work]
    tasks: Mapping[int, str]
    of_row: Callable[[Row], Any] | None
    groups: Sequence[Sequence[int]]
    workers: int
    waiting: int
    folder: str


class _Remote:
    """An actor that runs Ray Data for a client outside the cluster; it ends with the client."""

    def __init__(self, given: _Groups) -> None:
        self._batches = _batches(given)

    def batch(self) -> list[tuple[int, str]] | None:
        """Return the next rows, or None where there are no more."""
        return next(self._batches, None)


def _batches(given: _Groups) -> Iterator[list[tuple[int, str]]]:
    """Yield the places of each group with what `_Worker` returns for them."""
    import pyarrow
    import ray.data

    tables = [
        pyarrow.table({"place": places, "task": [given.tasks[one] for one in places]})
        for places in given.groups
    ]
    workers = min(given.workers, len(tables))
    with warnings.catch_warnings():
        # It has no other way to end the retries of a photograph that kills its worker.
        warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
        done = ray.data.from_blocks(tables).map_batches(
            _Worker,
            batch_size=None,  # a block is a group
            batch_format="pyarrow",
            fn_constructor_args=(given.make_work, given.of_row, given.folder),
            compute=ray.data.ActorPoolStrategy(
                min_size=1,
                max_size=workers,
                initial_size=workers,
                max_tasks_in_flight_per_actor=given.waiting,
            ),
            num_cpus=1,
            max_restarts=-1,
            max_task_retries=RETRIES,
        )
    _limit(done.context)
    for batch in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        yield list(zip(batch["place"].to_pylist(), batch["done"].to_pylist(), strict=True))


def _limit(context: Any) -> None:
    """Set what a run may use, and that a group that fails is not its end."""
    from ray.data import ExecutionResources

    context.max_errored_blocks = -1
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.resource_limits = ExecutionResources.for_limits(
        object_store_memory=STORE_BYTES
    )


class _Worker:
    """An actor: loads the models once, and does group after group."""

    def __init__(
        self, make_work: Callable[[], Work], of_row: Callable[[Row], Any] | None, folder: str
    ) -> None:
        """Load the models. folder: of the command, where it is on this machine too."""
        for name, value in _ONE_THREAD.items():
            os.environ[name] = value
        if os.path.isdir(folder):
            os.chdir(folder)
        self._of_row = of_row
        self._work: Work | None = None
        try:
            self._work = make_work()
        except SightGraphError as error:  # Ray would start actors again and again
            self._failure = str(error)
        except Exception as error:
            self._failure = f"a worker could not start: {type(error).__name__}: {error}"

    def __call__(self, batch: Table) -> Table:
        """Return for each task of a group its place and, as JSON, what was done."""
        import pyarrow

        done: list[Row]
        if self._work is None:
            done = [{_FAILURE: self._failure}] * len(batch)
        else:
            done = [{_ROW: row} for row in self._rows(self._work, batch["task"].to_pylist())]
        return pyarrow.table({"place": batch["place"], "done": list(map(json.dumps, done))})

    def _rows(self, work: Work, texts: Sequence[str]) -> Sequence[Row]:
        values = map(json.loads, texts)
        tasks = list(values if self._of_row is None else map(self._of_row, values))
        if isinstance(work, GroupWork):
            return work.of_group(tasks)
        return [row_of(work, task) for task in tasks]

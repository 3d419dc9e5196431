"""What does the tasks of a batch: this machine, or a cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from kg.registry import Registry

Row = dict[str, Any]
"""Values of JSON, by name."""
Work = Callable[[Any], Row]
"""Does a task and returns the row of its results."""


class GroupWork(ABC):
    """Work that does several tasks together, so that their results can stand in one file."""

    @abstractmethod
    def of_group(self, tasks: Sequence[Any]) -> list[Row]:
        """Do the tasks; return a row for each, in order."""

    def __call__(self, task: Any) -> Row:
        """Do one task alone."""
        (row,) = self.of_group([task])
        return row


class Engine(AbstractContextManager["Engine"]):
    """Does tasks, and yields their rows as they are done. A failed task is a row with `error`.

    Entered as a context before; its end gives back what the engine holds.

    writes_parts: results are written where they are made, many in one file
        (`pipelines.batch.parts`), and not a file for each.
    """

    writes_parts: ClassVar[bool] = False

    @abstractmethod
    def __call__(
        self, make_work: Callable[[], Work], tasks: Sequence[Any]
    ) -> Iterator[tuple[int, Row]]:
        """Yield each task's place among `tasks` with its row, in any order, each once.

        make_work: loads the models and returns the work; called once in each process, so it must be
            picklable.
        tasks: values of JSON, or objects with a `row` and a class method `of_row` that makes the
            same object of it: so tasks and rows go to other machines.

        Raises:
            Exception: as `make_work`.
        """


ENGINES: Registry[Engine] = Registry("engine")
"""Made with `jobs`: processes at most, or None for the engine's own choice."""
ENGINES.add("local", "pipelines.batch.run:LocalEngine", "this machine")
ENGINES.add("ray", "pipelines.batch.ray_engine:RayEngine", "a Ray cluster, or this machine")

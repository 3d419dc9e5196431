"""pipelines/batch/run: an error is a row, and so is a process that dies."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from kg.errors import SightGraphError, SightGraphWarning
from pipelines.batch.run import run


def make_work() -> Callable[[Any], dict[str, Any]]:
    return work


def work(task: str) -> dict[str, Any]:
    if task == "mistake":
        raise SightGraphError("a mistake.")
    if task == "bug":
        raise ZeroDivisionError("a bug")
    if task == "death":
        os._exit(1)
    if task == "warning":
        warnings.warn("careful", SightGraphWarning, stacklevel=1)
    return {"did": task}


def failing() -> Callable[[Any], dict[str, Any]]:
    raise SightGraphError("no models.")


ROWS = {
    "a": {"did": "a"},
    "mistake": {"error": "a mistake."},
    "bug": {"error": "unexpected ZeroDivisionError: a bug"},
    "warning": {"did": "warning", "warnings": ["careful"]},
}


def test_a_failed_task_is_a_row_and_the_others_go_on() -> None:
    assert list(run(make_work, list(ROWS))) == list(enumerate(ROWS.values()))


def test_a_process_that_dies_costs_only_the_task_that_killed_it() -> None:
    tasks = ["a", "death", "mistake", "bug"]
    found = dict(run(make_work, tasks, jobs=2))
    assert sorted(found) == list(range(len(tasks)))
    assert "process ended" in found.pop(1)["error"]
    assert all(row == ROWS[tasks[place]] for place, row in found.items())


@pytest.mark.parametrize("jobs", [1, 2])
def test_models_that_cannot_be_loaded_are_one_error_and_no_rows(jobs: int) -> None:
    with pytest.raises(SightGraphError, match="no models"):
        list(run(failing, ["a"], jobs))

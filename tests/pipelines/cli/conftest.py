"""Running the command line in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Run `sightgraph ARGUMENTS`; stdout and stderr are kept apart."""

    def runner(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return runner


@pytest.fixture
def mistake(run: Run) -> Callable[..., str]:
    """Run `sightgraph ARGUMENTS`, which must end as one line on stderr; return that line."""

    def runner(*arguments: object) -> str:
        done = run(*arguments)
        assert done.exit_code == 2, done.output
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("sightgraph: ")
        return line

    return runner

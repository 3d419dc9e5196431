"""The options that choose what does the tasks of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError
from pipelines.cli.options import as_one_argument

if TYPE_CHECKING:
    from pipelines.batch.engines import Engine


@dataclass(frozen=True, slots=True)
class Run:
    """The values of the options that `run_options` adds: how many tasks are done.

    retry: do again what ended with an error. parts: where workers write results, if not into the
    folder of the results.
    """

    jobs: int | None = None
    retry: bool = False
    engine: str = "local"
    address: str | None = None
    parts: str | None = None

    def load(self) -> Engine:
        """Return the engine.

        Raises:
            SightGraphError: there is no such engine, or an option is of another one.
        """
        from pipelines.batch.engines import ENGINES

        given = {} if self.address is None else {"address": self.address}
        engine_class = ENGINES.resolve(self.engine)
        if not getattr(engine_class, "writes_parts", False) and (given or self.parts is not None):
            raise SightGraphError(
                "--address and --parts are of a cluster. Give --engine ray too, or leave them out."
            )
        return engine_class(jobs=self.jobs, **given)


OPTIONS = (
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        help="For many: processes, each with models of its own (about 0.6 GB). Default: 1; with "
        "--engine ray, one for each core of the cluster.",
    ),
    click.option("--retry", is_flag=True, help="For many: do again what ended with an error."),
    click.option(
        "--engine",
        default="local",
        show_default=True,
        metavar="NAME",
        help="For many: what does them, 'local' (this machine) or 'ray' (a cluster; results in "
        "Parquet and RDF, many in a file).",
    ),
    click.option(
        "--address",
        metavar="ADDRESS",
        help="With --engine ray: the cluster, HOST:PORT or ray://HOST:10001; without it, this "
        "machine.",
    ),
    click.option(
        "--parts",
        metavar="DIR|URI",
        help="With --engine ray: where workers write, a folder that all machines see or a URI "
        "(s3://bucket/results). Default: parts/ in the folder of -o.",
    ),
)
run_options = as_one_argument("many", Run, OPTIONS)
"""Adds the options; the command takes them as one argument, `many`."""

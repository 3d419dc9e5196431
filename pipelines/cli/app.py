"""The `sightgraph` command, and how its mistakes end: one line and exit code 2."""

from __future__ import annotations

import errno
import os
from typing import IO, Any

import click

from kg.errors import SightGraphError
from pipelines.cli.ask import ask, explain, graph, parse
from pipelines.cli.evaluate import evaluate
from pipelines.cli.knowledge import knowledge
from pipelines.cli.train import bench, train

LONG = ("train", "evaluate", "bench")
"""Commands that may use all cores."""
INTERRUPTED = 130
"""128 + SIGINT: what shells expect of a command that Ctrl-C ended."""


class _Mistake(click.ClickException):
    """A mistake of the user's, shown as one line on stderr."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"sightgraph: {' '.join(self.message.split())}", file=file, err=file is None)


class Application(click.Group):
    """A command group whose mistakes end as one line, whatever it was started as."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run as `sightgraph`, also when started by `python -c` or `python -m`."""
        extra.setdefault("prog_name", "sightgraph")
        return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn mistakes into one line instead of a traceback."""
        try:
            return super().invoke(ctx)
        except SightGraphError as error:
            raise _Mistake(str(error)) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno in (None, errno.EPIPE):  # a reader such as `head` has gone
                raise
            raise _Mistake(f"{error.strerror}: {error.filename or 'unnamed file'}") from error


@click.group(
    "sightgraph", cls=Application, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="sightgraph", prog_name="sightgraph")
@click.pass_context
def main(context: click.Context) -> None:
    """Answer questions about photographs that need knowledge, and show why."""
    # OpenMP reads these when torch is imported, which no command has done yet. Threads that spin
    # for each other on a shared machine cost single questions many times what they give.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if context.invoked_subcommand not in LONG:
        os.environ.setdefault("OMP_NUM_THREADS", "1")


for command in (ask, explain, graph, parse, knowledge, train, evaluate, bench):
    main.add_command(command)

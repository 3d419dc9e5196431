"""The `sightgraph` command, and how its mistakes end: one line and exit code 2."""

from __future__ import annotations

import atexit
import errno
import gc
import logging
import os
import sys
import threading
import warnings
from collections.abc import Sequence
from typing import IO, Any, TextIO

import click

from kg.errors import SightGraphError, SightGraphWarning, printable
from kg.registry import Registry

COMMANDS: Registry[click.Command] = Registry("command")
"""The commands; each is imported when it is called, and the list of them imports none."""
for _name, _target, _about in (
    ("ask", "ask:ask", "Answer QUESTION about PHOTO and say why."),
    (
        "explain",
        "ask:explain",
        "Answer QUESTION about PHOTO, and again without each piece of the evidence.",
    ),
    (
        "caption",
        "caption:caption",
        "Write a sentence about PHOTO, and say what in the graph it rests on.",
    ),
    (
        "chat",
        "chat:chat",
        "Talk about PHOTO: ask on, correct what is wrong, and see why.",
    ),
    (
        "draw",
        "draw:draw",
        "Draw a picture of TEXT, and say whether what it says holds in it.",
    ),
    (
        "graph",
        "graph:graph",
        "Write the graph of PHOTO: objects, words of the text, other modalities, and facts.",
    ),
    ("convert", "convert:convert", "Write the graph file GRAPH in other formats."),
    (
        "parse",
        "ask:parse",
        "Show how SENTENCE is read: entities, relations, and what it asks for.",
    ),
    (
        "kg",
        "knowledge:knowledge",
        "Look into the knowledge: bundled, and of your own with --kg.",
    ),
    (
        "video",
        "video:video",
        "Write what happens in the video FILE: things, relations and events, each with its time.",
    ),
    (
        "search",
        "search:search",
        "Find photographs by a text, or texts by a photograph, and say why they match.",
    ),
    (
        "album",
        "album:album",
        "Put photographs into a store, and find them by what they show.",
    ),
    (
        "report",
        "batch:report",
        "Write a page of all ANSWERS of a batch, with photographs and boxes.",
    ),
    (
        "serve",
        "serve:serve",
        "Answer over HTTP: the inspector at /, its API at /api.",
    ),
    ("train", "train:train", "Train one of the models; data is never downloaded."),
    (
        "evaluate",
        "evaluate:evaluate",
        "Measure one of the models on data that it was not trained on.",
    ),
    (
        "bench",
        "train:bench",
        "Compare ways to fuse, with the controls that show what they use.",
    ),
):
    COMMANDS.add(_name, f"pipelines.cli.{_target}", _about)

GARBAGE = 50_000
"""Objects that are made before cyclic garbage is looked for, instead of Python's 700: imports and
models make hundreds of thousands, and hardly any garbage."""
LONG = ("train", "evaluate", "bench")
"""Commands that may use all cores."""
INTERRUPTED = 130
"""128 + SIGINT: what shells expect of a command that Ctrl-C ended."""
UNEXPECTED = 70
"""EX_SOFTWARE of sysexits.h: the fault is the program's."""
MAX_UNEXPECTED = 300
"""Characters of an unexpected error that are shown."""


class _Mistake(click.ClickException):
    """A mistake of the user's, shown as one line on stderr."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        line = " ".join(printable(self.message).split())
        click.echo(f"sightgraph: {line}", file=file, err=file is None)


class Application(click.Group):
    """A command group whose mistakes end as one line, whatever it was started as.

    later: commands that are imported when they are called.
    """

    def __init__(
        self, *args: Any, later: Registry[click.Command] | None = None, **attributes: Any
    ) -> None:
        super().__init__(*args, **attributes)
        self.later: Registry[click.Command] = later or Registry("command")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *self.later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.later and cmd_name not in self.commands:
            self.add_command(self.later.resolve(cmd_name), cmd_name)  # type: ignore[arg-type]
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by the sentences that describe them, which imports none."""
        listed = {name: click.Command(name, help=self.later.about(name)) for name in self.later}
        click.Group(commands={**listed, **self.commands}).format_commands(ctx, formatter)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run as `sightgraph`, also when started by `python -c` or `python -m`."""
        extra.setdefault("prog_name", "sightgraph")
        for one in sys.argv[1:] if args is None else args:
            if not _is_utf8(one):
                click.echo(f"sightgraph: the argument {one!a} is not UTF-8.", err=True)
                sys.exit(_Mistake.exit_code)
        if args is not None:
            return super().main(args, *rest, **extra)
        gc.set_threshold(GARBAGE)
        # rdflib would print IRIs of files to the terminal as they are, control characters included.
        logging.getLogger("rdflib").addHandler(logging.NullHandler())
        try:
            return super().main(args, *rest, **extra)
        except SystemExit as end:
            if not isinstance(end.code, str):
                _leave(end.code or 0)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn mistakes into one line instead of a traceback."""
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                warnings.simplefilter("always", SightGraphWarning)
                return super().invoke(ctx)
        except SightGraphError as error:
            raise _Mistake(str(error)) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:  # a reader such as `head` has gone
                raise
            if error.errno is None:  # pyoxigraph's, for example where the disk is full
                raise _Mistake(f"a file cannot be read or written: {error}") from error
            raise _Mistake(f"{error.strerror}: {error.filename or 'unnamed file'}") from error
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            text = printable(" ".join(f"{type(error).__name__}: {error}".split()))
            click.echo(
                f"sightgraph: unexpected {text[:MAX_UNEXPECTED]}. This is a fault of the program; "
                "'sightgraph --debug ...' shows where.",
                err=True,
            )
            ctx.exit(UNEXPECTED)


def _leave(code: int) -> None:
    """End the process with `code` now, if torch is loaded: taking it down costs half a second.

    What was registered to run at the end is run, and what was printed is written.
    """
    if "torch" not in sys.modules or threading.active_count() > 1:
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:  # Python says at its end that a reader has gone
        return
    atexit._run_exitfuncs()
    os._exit(code)


_show_other_warning = warnings.showwarning


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show our own warnings as one line, and others as Python does."""
    if issubclass(category, SightGraphWarning):
        click.echo(f"sightgraph: {message}", err=True)
    else:
        _show_other_warning(message, category, filename, lineno, file, line)


def _is_utf8(argument: str) -> bool:
    return not any("\ud800" <= one <= "\udfff" for one in argument)


@click.group(
    "sightgraph",
    cls=Application,
    later=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="sightgraph", prog_name="sightgraph")
@click.option("--debug", is_flag=True, help="Show where an unexpected error happened.")
@click.pass_context
def main(context: click.Context, debug: bool) -> None:
    """Answer questions about photographs that need knowledge, and show why."""
    # OpenMP reads these when torch is imported, which no command has done yet. Threads that spin
    # for each other on a shared machine cost single questions many times what they give.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if context.invoked_subcommand not in LONG:
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    else:
        os.environ.setdefault("SIGHTGRAPH_THREADS", "all")

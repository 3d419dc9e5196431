"""The help pages as one Markdown page: python -m pipelines.cli.pages > docs/cli.md"""

from __future__ import annotations

from collections.abc import Iterator

import click

from pipelines.cli import main

WIDTH = 96
"""Characters a line of a help page."""

HEADER = """\
# The command line

Made from the help pages by `python -m pipelines.cli.pages > docs/cli.md`; a test checks that it
is up to date. A mistake (a missing file, a broken photograph, an unknown name) ends as one line on
stderr, `sightgraph: what was wrong and how to fix it`, with exit code 2; Ctrl-C ends with 130.
The object that `ask --json` prints is described in [answer-format.md](answer-format.md).
"""


def pages() -> str:
    """Return the help page of every command as Markdown."""
    context = click.Context(main, info_name="sightgraph", **main.context_settings)
    return HEADER + "".join(_sections(context))


def _sections(context: click.Context) -> Iterator[str]:
    context.terminal_width = context.max_content_width = WIDTH
    command = context.command
    yield f"\n## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _sections(click.Context(below, info_name=name, parent=context))


if __name__ == "__main__":
    click.echo(pages(), nl=False)

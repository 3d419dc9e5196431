"""Options that take several file names at once: `-o a.json b.html`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

MANY_FILES = "FILE [FILE ...]"
"""The metavar of an option that takes all names up to the next option."""


class ManyFilesCommand(click.Command):
    """Lets its options of metavar `MANY_FILES` take several names.

    Only names that come after all arguments are taken, so that options may also stand first.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(self._repeated(args)))

    def _repeated(self, args: Sequence[str]) -> Iterator[str]:
        """Yield `args` with the option's name put before each of its further files."""
        missing = sum(isinstance(param, click.Argument) for param in self.params)
        option, many, value_next = "", False, False
        for argument in args:
            if value_next:
                value_next = False
            elif argument.startswith("-") and argument != "-":
                option = argument
                many, value_next = self._takes(option)
            elif missing:
                missing -= 1
            elif many:
                yield option
            yield argument

    def _takes(self, option: str) -> tuple[bool, bool]:
        """Return whether `option` takes many files, and whether it takes a value at all."""
        for param in self.params:
            if isinstance(param, click.Option) and option in param.opts:
                return param.metavar == MANY_FILES, not param.is_flag
        return False, False

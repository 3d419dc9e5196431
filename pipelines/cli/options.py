"""Options that several commands share, and what they load."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kg.errors import SightGraphError
from kg.files import check_writable

if TYPE_CHECKING:
    from kg.knowledge.edits import Edits
    from kg.knowledge.facts import KnowledgeGraph
    from pipelines.answering.reader import Reader


MANY_FILES = "FILE [FILE ...]"
"""The metavar of an option that takes all names up to the next option."""
OLD_OPTIONS = {
    "--part": "--split",
    "--checkpoint": "--model",
    "--weights": "--model",
    "--reader": "--caption-reader",
    "--questions": "--questions-per-photo",
}
"""Former names of options, which work for one more release and stand on no help page."""
OLD_TASKS = {"detector": "detection"}
"""Former names of tasks, likewise."""


class InPlaceOfArgument(click.Option):
    """An option with which one argument need not be given."""


class Command(click.Command):
    """A command that also knows former names of its options, and options with several files.

    An option of metavar `MANY_FILES` takes several names. Only names that come after all arguments
    are taken, so that options may also stand first, and names of graphs wherever they stand. An
    `InPlaceOfArgument` stands for one of the arguments.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(self._repeated([*map(self._renamed, args)])))

    def _renamed(self, argument: str) -> str:
        """Return `argument` with the former name of an option replaced."""
        old, equals, value = argument.partition("=")
        names = {name for param in self.params for name in param.opts}
        new = OLD_OPTIONS.get(old)
        return f"{new}{equals}{value}" if new in names and old not in names else argument

    def _repeated(self, args: Sequence[str]) -> Iterator[str]:
        """Yield `args` with the option's name put before each of its further files."""
        missing = sum(isinstance(param, click.Argument) for param in self.params)
        replacing = [param for param in self.params if isinstance(param, InPlaceOfArgument)]
        missing -= sum(not {*param.opts}.isdisjoint(args) for param in replacing)
        takes_any = any(param.nargs < 0 for param in self.params)
        option, many, value_next = "", False, False
        for argument in args:
            if value_next:
                value_next = False
            elif argument.startswith("-") and argument != "-":
                option = argument
                many, value_next = self._takes(option)
            elif missing and not (many and _is_graph_file(argument)):
                missing -= 1
            elif many:
                if takes_any and _is_photograph(argument):
                    raise click.UsageError(
                        f"'{argument}' is a photograph, which would be written over. Name "
                        f"photographs before {option}, or write {option} {argument}."
                    )
                yield option
            yield argument

    def _takes(self, option: str) -> tuple[bool, bool]:
        """Return whether `option` takes many files, and whether it takes a value at all."""
        for param in self.params:
            if isinstance(param, click.Option) and option in param.opts:
                return param.metavar == MANY_FILES, not param.is_flag
        return False, False


def _is_graph_file(argument: str) -> bool:
    """Whether an argument after a file that is written is another such file, and no photograph."""
    from kg.formats import EXPORTERS

    ending = Path(argument).suffix.lower()
    return ending in EXPORTERS and (ending != ".png" or not os.path.exists(argument))


def _is_photograph(argument: str) -> bool:
    """Whether there is a PNG file of that name that is no picture of a graph."""
    if not (argument.lower().endswith(".png") and os.path.isfile(argument)):
        return False
    with open(argument, "rb") as file:
        return b"Matplotlib" not in file.read(1024)  # which draws our pictures, and says so


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


class TaskGroup(Group):
    """A group with a command for each task, and --task for a class of the user's own.

    own: makes the command for "module:Class".
    """

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.own: Callable[[str], click.Command] | None = None
        option = click.Option(
            ["--task"],
            metavar="MODULE:CLASS",
            expose_value=False,
            help="A class of your own, in place of a command.",
        )
        self.params.append(option)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `--task MODULE:CLASS`, wherever it stands, as the command's name."""
        if "--task" in args[:-1]:
            place = args.index("--task")
            args = [args[place + 1], *args[:place], *args[place + 2 :]]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if ":" in cmd_name and self.own is not None:
            find_own_modules()
            return self.own(cmd_name)
        return super().get_command(ctx, OLD_TASKS.get(cmd_name, cmd_name))


def find_own_modules() -> None:
    """Let modules be imported from the working directory, as `python -m` does."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())


Decorated = TypeVar("Decorated", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)
"""A path as it was typed; the part that uses it checks it."""


def targets_option(*names: str, about: str, required: bool = False) -> Callable[..., Any]:
    """Return the option of files to write, as the parameter `targets`."""
    return click.option(
        *names,
        "targets",
        multiple=True,
        required=required,
        type=FILE,
        metavar=MANY_FILES,
        help=f"{about} All names up to the next option are taken.",
    )


def as_one_argument(
    name: str, values: type[Any], options: Sequence[Callable[..., Any]]
) -> Callable[..., Any]:
    """Return a decorator that adds `options` to a command, which takes their values as one.

    name: of the argument of the command. values: the dataclass that it is, a field an option.
    """
    keys = [one.name for one in fields(values)]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def decorated(*args: Any, **given: Any) -> Any:
            return command(
                *args, **{name: values(**{key: given.pop(key) for key in keys})}, **given
            )

        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def edit_options(command: Decorated) -> Decorated:
    """Add --set, --unset and --edits."""
    command = click.option(
        "--edits",
        "edit_file",
        type=FILE,
        metavar="FILE",
        help='Facts to set and to unset, as the inspector saves them: {"set": [], "unset": []}.',
    )(command)
    for name, target, what in (
        ("--unset", "to_unset", "Leave this fact out, stated or inherited, for this question."),
        ("--set", "to_set", 'Know this fact too, for this question: "cat usedFor pest control".'),
    ):
        option = click.option(
            name, target, multiple=True, metavar="FACT", help=f"{what} May be repeated."
        )
        command = option(command)
    return command


def edits_of(
    to_set: tuple[str, ...], to_unset: tuple[str, ...], file: Path | None = None
) -> Edits | None:
    """Return the edits that --set, --unset and --edits ask for, if there are any.

    Raises:
        SightGraphError: the file cannot be read, or holds something else.
    """
    from kg import schema
    from kg.knowledge.edits import Edits

    if file is None:
        return Edits(to_set, to_unset) or None
    try:
        lists = schema.mapping(schema.read_json(file), "the file")
        if unknown := lists.keys() - {"set", "unset"}:
            raise ValueError(f"{sorted(unknown)[0]!r} is neither 'set' nor 'unset'")
        read = [schema.texts(lists.get(name), name) for name in ("set", "unset")]
    except ValueError as error:
        raise SightGraphError(
            f'{file}: {error}. Write {{"set": ["cat | used for | pest control"], "unset": []}}.'
        ) from error
    return Edits((*read[0], *to_set), (*read[1], *to_unset)) or None


def reader_option(command: Decorated) -> Decorated:
    """Add --reader."""
    option = click.option(
        "--reader",
        "reader_model",
        metavar="MODEL",
        help="Let a Hugging Face language model (id or folder) give the answer; it must cite the "
        "evidence.",
    )
    return option(command)


def load_reader(model: str | None) -> Reader | None:
    """Return the reader that --reader asks for, if it does.

    Raises:
        SightGraphError: there is no such model, or it cannot be loaded.
    """
    if model is None:
        return None
    from pipelines.answering.reader import Reader

    return Reader(model)


def check_edits(edits: Edits, knowledge: KnowledgeGraph) -> None:
    """Find out before the models load whether `edits` can be made.

    Raises:
        SightGraphError: one cannot be (`kg.knowledge.edits.EditedKnowledge`).
    """
    from kg.knowledge.edits import EditedKnowledge

    EditedKnowledge(knowledge, edits)


def json_option(command: Decorated) -> Decorated:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")(
        command
    )


def check_targets(targets: Iterable[Path], endings: Iterable[str]) -> None:
    """Find out before long work whether all `targets` can be written.

    endings: the file endings that are known, with their dot.

    Raises:
        SightGraphError: an ending is unknown, or a folder is missing or not writable.
    """
    known = sorted(endings)
    for target in targets:
        if target.suffix.lower() not in known:
            raise SightGraphError(
                f"cannot write '{target}': its ending '{target.suffix}' names no format. "
                f"Known: {', '.join(known)}."
            )
        check_writable(target)


def make_folder(folder: Path, option: str = "--out") -> None:
    """Make `folder` before long work whose results go there.

    option: what named it, for the message.

    Raises:
        SightGraphError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SightGraphError(
            f"cannot write to the folder '{folder}': {error.strerror}. Choose another with "
            f"{option}."
        ) from error
    check_writable(folder / "model.safetensors")

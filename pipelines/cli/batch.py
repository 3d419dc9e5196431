"""Batches on the command line: progress, several processes, and going on after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError
from pipelines.cli.eyes import Eyes
from pipelines.cli.modality import Beside
from pipelines.cli.options import FILE, Command, make_folder
from pipelines.cli.output import print_line
from pipelines.cli.own_knowledge import OwnKnowledge

if TYPE_CHECKING:
    from pipelines.batch.journal import Journal
    from pipelines.sightgraph import SightGraph

Parts = tuple[OwnKnowledge, Eyes]
"""The values of the options of the knowledge and of the eyes."""

jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="For many: processes, each with models of its own (about 0.6 GB).",
)
retry_option = click.option(
    "--retry", is_flag=True, help="For many: do again what ended with an error before."
)


@dataclass(frozen=True, slots=True)
class Batch:
    """The values of the options that `batch_options` adds."""

    questions: Path
    target: Path
    jobs: int
    retry: bool
    with_graph: bool


def batch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --batch and what goes with it; with it, the questions of a file are answered instead.

    To be applied first, so that the values of all other options arrive here.
    """

    @wraps(command)
    def one_or_many(batch: Path | None, target: Path | None, **given: Any) -> Any:
        others = [given.pop(name) for name in ("jobs", "retry", "with_graph")]
        if batch is None and target is None:
            return command(**given)
        if batch is None or target is None:
            raise SightGraphError("--batch QUESTIONS.jsonl and -o ANSWERS.jsonl go together.")
        own_knowledge, eyes = (given.pop(name) for name in _PARTS)
        beside = given.pop("beside")
        if beside.modality:
            raise SightGraphError(
                '--batch takes modalities from its file. Write "modalities": {"sound": "bark.wav"} '
                "in its lines, and leave --modality out."
            )
        if any(given.values()):
            raise SightGraphError(
                "--batch takes photographs, questions and edits from its file. Leave the "
                f"{_said(given)} out."
            )
        return ask_many(Batch(batch, target, *others), (own_knowledge, eyes), beside)

    decorated: Callable[..., Any] = one_or_many
    for option in (
        click.option("--with-graph", is_flag=True, help="With --batch: rows hold the graph too."),
        retry_option,
        jobs_option,
        click.option(
            "-o", "--output", "target", type=FILE, metavar="FILE", help="The answers of --batch."
        ),
        click.option(
            "--batch",
            type=FILE,
            metavar="FILE",
            help='Questions, one a line: {"photo": "cat.jpg", "question": "What is this?"}; "id", '
            '"set", "unset" and "modalities": {"sound": "purr.wav"} may stand beside. A run that '
            "was killed goes on where it was.",
        ),
    ):
        decorated = option(decorated)
    return decorated


_PARTS = ("own_knowledge", "eyes")


def _said(given: Mapping[str, Any]) -> str:
    """Return the parameters that were given, as their help page calls them."""
    params = {one.name: one for one in click.get_current_context().command.params}
    names = [name for name, value in given.items() if value]
    return " and the ".join(
        f"argument {name.upper()}"
        if isinstance(params[name], click.Argument)
        else f"option {params[name].opts[0]}"
        for name in names
    )


def load_sightgraph(parts: Parts, beside: Beside | None = None) -> SightGraph:
    """Return the models of these options; each process of a batch calls it once."""
    own_knowledge, eyes = parts
    return (beside or Beside()).added_to(eyes.load(own_knowledge.load()))


def graph_many(
    photos: Sequence[str],
    folder: Path,
    formats: Sequence[str],
    parts: Parts,
    jobs: int,
    retry: bool,
) -> None:
    """Write the graphs of many photographs into `folder`, and a row for each into its journal.

    Raises:
        SightGraphError: a source names no photograph, a format is unknown, or the folder cannot
            be written.
    """
    from pipelines.batch.graphs import JOURNAL, Graphs, graph_tasks
    from pipelines.batch.journal import Journal
    from pipelines.batch.photographs import find_photographs

    tasks = graph_tasks(find_photographs(photos), folder, formats)
    parts[1].check()
    make_folder(folder, "-o")
    with Journal(folder / JOURNAL) as journal:
        rows: dict[Any, list[dict[str, Any]]] = {}
        for row in _kept(journal, retry):
            rows.setdefault(row.get("photo"), []).append(row)
        left = [one for one in tasks if not any(map(one.is_done_in, rows.get(one.photo, ())))]
        work = Graphs(partial(load_sightgraph, parts))
        about = [(one, {"photo": one.photo, "sha256": one.digest}) for one in left]
        _write(journal, work, about, len(tasks), jobs)


def ask_many(batch: Batch, parts: Parts, beside: Beside) -> None:
    """Answer the questions of a file, and write a row for each.

    beside: has the namers of modalities.

    Raises:
        SightGraphError: a line is no question, or the answers cannot be written.
    """
    from pipelines.batch.journal import Journal
    from pipelines.batch.questions import Answers, read_questions, unanswered

    read = read_questions(batch.questions)
    parts[1].check()
    with Journal(batch.target) as journal:
        left = unanswered(read, _kept(journal, batch.retry))
        work = Answers(partial(load_sightgraph, parts, beside), batch.with_graph)
        _write(journal, work, [(one, one.row) for one in left], len(read), batch.jobs)


@click.command(cls=Command)
@click.argument("answers", type=FILE)
@click.option(
    "-o", "--output", "target", required=True, type=FILE, metavar="FILE", help="The page to write."
)
@click.option("--title", default="Answers", show_default=True, help="The title of the page.")
def report(answers: Path, target: Path, title: str) -> None:
    """Write a page of all ANSWERS of a batch, with photographs and boxes.

    \b
    sightgraph ask --batch questions.jsonl -o answers.jsonl
    sightgraph report answers.jsonl -o report.html
    """
    from kg.files import check_writable
    from pipelines.batch.report import read_answers, write_report

    check_writable(target)
    write_report(read_answers(answers), target, title)
    print_line((str(target), "bold"))


def _kept(journal: Journal, retry: bool) -> list[dict[str, Any]]:
    return [row for row in journal.rows if not (retry and "error" in row)]


def _write(
    journal: Journal,
    work: Callable[[], Callable[[Any], dict[str, Any]]],
    tasks: list[tuple[Any, dict[str, Any]]],
    total: int,
    jobs: int,
) -> None:
    """Do the tasks, each beside the first fields of its row, and say how it went."""
    from pipelines.batch.run import run

    failed, before = 0, total - len(tasks)
    if tasks:
        with progress("photographs and questions", total, before) as advance:
            for number, row in run(work, [task for task, _ in tasks], jobs):
                about = tasks[number][1]
                journal.append({**about, **row})
                if "error" in row:
                    failed += 1
                    name = about["photo"] or f"line {about['line']}"
                    click.echo(f"sightgraph: {name}: {row['error']}", err=True)
                advance()
    earlier = f", {before} were done before" if before else ""
    print_line(f"{len(tasks) - failed} done, {failed} errors{earlier}; rows in {journal.path}")
    if failed:
        raise SightGraphError(f"{failed} of {total} ended with an error; their rows say which.")


@contextmanager
def progress(of_what: str, total: int, before: int) -> Iterator[Callable[[], None]]:
    """Yield what to call after each task; it draws a bar on a terminal only."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task(of_what, total=total, completed=before)
        yield lambda: bars.advance(task)

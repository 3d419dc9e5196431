"""Batches on the command line: progress, several processes, and going on after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg.errors import SightGraphError, printable
from pipelines.cli.engine import Run, run_options
from pipelines.cli.eyes import Eyes
from pipelines.cli.modality import Beside
from pipelines.cli.options import FILE, Command, make_folder
from pipelines.cli.output import print_line
from pipelines.cli.own_knowledge import OwnKnowledge

if TYPE_CHECKING:
    from pipelines.batch.engines import Engine
    from pipelines.batch.journal import Journal
    from pipelines.sightgraph import SightGraph

Parts = tuple[OwnKnowledge, Eyes]
"""The values of the options of the knowledge and of the eyes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The values of the options that `batch_options` adds."""

    questions: Path
    target: Path
    many: Run
    with_graph: bool


def batch_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --batch and what goes with it; with it, the questions of a file are answered instead.

    To be applied first, so that the values of all other options arrive here.
    """

    @wraps(command)
    def one_or_many(batch: Path | None, target: Path | None, **given: Any) -> Any:
        others = [given.pop(name) for name in ("many", "with_graph")]
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
        run_options,
        click.option(
            "-o",
            "--output",
            "target",
            type=FILE,
            metavar="FILE",
            help="The answers of --batch; with --engine ray, a folder.",
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
    photos: Sequence[str], folder: Path, formats: str | None, parts: Parts, many: Run
) -> None:
    """Write the graphs of many photographs into `folder`, and a row for each into its journal.

    formats: names with commas between them; None: what the engine writes by itself.

    Raises:
        SightGraphError: a source names no photograph, a format is unknown, or the folder cannot
            be written.
    """
    from pipelines.batch.graphs import JOURNAL, Graphs, graph_tasks
    from pipelines.batch.journal import Journal
    from pipelines.batch.photographs import find_photographs

    engine = many.load()
    if engine.writes_parts:
        _graph_parts(engine, photos, folder, formats, parts, many)
        return
    found = find_photographs(photos, without=folder)
    tasks = graph_tasks(found, folder, (formats or "json").split(","))
    parts[1].check()
    make_folder(folder, "-o")
    with Journal(folder / JOURNAL, ["sha256"]) as journal, engine:
        rows: dict[Any, list[dict[str, Any]]] = {}
        for row in _kept(journal, many):
            rows.setdefault(row.get("photo"), []).append(row)
        left = [one for one in tasks if not any(map(one.is_done_in, rows.get(one.photo, ())))]
        work = Graphs(partial(load_sightgraph, parts))
        _write(journal, _done(engine, work, left), len(left), len(tasks), chain(*rows.values()))


def _graph_parts(
    engine: Engine,
    photos: Sequence[str],
    folder: Path,
    formats: str | None,
    parts: Parts,
    many: Run,
) -> None:
    """Write the graphs of photographs into parts, one for all photographs of the same content."""
    from pipelines.batch.contents import sort_by_content
    from pipelines.batch.graphs import JOURNAL, Graphs
    from pipelines.batch.journal import Journal
    from pipelines.batch.parts import PartFolder
    from pipelines.batch.photographs import find_photographs

    target = PartFolder.of(many.parts, folder, formats or "parquet,nq")
    found = find_photographs(photos, without=folder)
    parts[1].check()
    make_folder(folder, "-o")
    with Journal(folder / JOURNAL, ["sha256"]) as journal, engine:
        kept = target.take_up(_kept(journal, many))
        with progress("photographs read", len(found), 0) as advance:
            contents = sort_by_content(engine, found, kept, advance)
        work = target.filled_by(Graphs(partial(load_sightgraph, parts), with_graph=True))
        rows = chain(
            contents.rows,
            (one for row in _done(engine, work, contents.left) for one in contents.rows_of(row)),
        )
        _write(journal, rows, contents.missing, len(found), kept)


def ask_many(batch: Batch, parts: Parts, beside: Beside) -> None:
    """Answer the questions of a file, and write a row for each.

    beside: has the namers of modalities.

    Raises:
        SightGraphError: a line is no question, or the answers cannot be written.
    """
    from pipelines.batch.journal import Journal
    from pipelines.batch.parts import PartFolder
    from pipelines.batch.questions import JOURNAL, Answers, read_questions, unanswered

    engine = batch.many.load()
    read = read_questions(batch.questions)
    if batch.target.exists() and batch.target.samefile(batch.questions):
        raise SightGraphError(
            f"'{batch.target}' holds the questions, to which no answers are added. Name another "
            "file with -o."
        )
    parts[1].check()
    work: Any = Answers(partial(load_sightgraph, parts, beside), batch.with_graph)
    path, target = batch.target, None
    if engine.writes_parts:
        formats = "parquet,nq" if batch.with_graph else "parquet"
        target = PartFolder.of(batch.many.parts, batch.target, formats)
        make_folder(batch.target, "-o")
        path = batch.target / JOURNAL
    with Journal(path, ["line"]) as journal, engine:
        kept = _kept(journal, batch.many)
        if target is not None:
            kept = target.take_up(kept)
            work = target.filled_by(work)
        left = unanswered(read, kept)
        _write(journal, _done(engine, work, left), len(left), len(read), kept)


@click.command(cls=Command)
@click.argument("answers", type=FILE)
@click.option(
    "-o", "--output", "target", required=True, type=FILE, metavar="FILE", help="The page to write."
)
@click.option("--title", default="Answers", show_default=True, help="The title of the page.")
@click.option("--parts", type=FILE, metavar="DIR", help="The parts that --parts put elsewhere.")
def report(answers: Path, target: Path, title: str, parts: Path | None) -> None:
    """Write a page of all ANSWERS of a batch, with photographs and boxes.

    \b
    sightgraph ask --batch questions.jsonl -o answers.jsonl
    sightgraph report answers.jsonl -o report.html
    """
    from kg.files import check_writable
    from pipelines.batch.report import read_answers, write_report

    check_writable(target)
    write_report(read_answers(answers, parts), target, title)
    print_line((str(target), "bold"))


def _kept(journal: Journal, many: Run) -> list[dict[str, Any]]:
    return [row for row in journal.rows if not (many.retry and "error" in row)]


def _done(
    engine: Engine, work: Callable[[], Any], tasks: Sequence[Any]
) -> Iterator[dict[str, Any]]:
    """Yield the row of each task as it is done; no models are loaded where there is none."""
    if tasks:
        for place, row in engine(work, tasks):
            yield {**tasks[place].row, **row}


def _write(
    journal: Journal,
    rows: Iterable[dict[str, Any]],
    left: int,
    total: int,
    kept: Iterable[dict[str, Any]],
) -> None:
    """Write the rows as they come, and say how it went.

    left: how many are to come. kept: earlier rows, which were not asked again.
    """
    failed, before = 0, total - left
    with progress("photographs and questions", total, before) as advance:
        for row in rows:
            journal.append(row)
            if "error" in row:
                failed += 1
                name = row["photo"] or f"line {row['line']}"
                click.echo(printable(f"sightgraph: {name}: {row['error']}"), err=True)
            advance()
    earlier = f", {before} were done before" if before else ""
    last = {(row.get("photo"), row.get("line")): row for row in kept}
    if before and (wrong := sum("error" in row for row in last.values())):
        earlier += f" ({wrong} with an error: --retry does these again)"
    print_line(f"{left - failed} done, {failed} errors{earlier}; rows in {journal.path}")
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

"""Bringing sources into a store: all of a source, or the store stays as it was."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from traceback import clear_frames

import pyoxigraph

from kg.errors import SightGraphError
from kg.index.build import Quad, build_index
from kg.index.edges import MEMORY
from kg.index.runs import SortedLines
from kg.knowledge.integrity import check_generation, corruption_as_damage
from kg.knowledge.store import SourceInfo, current_generation, read_about
from kg.knowledge.store_folder import (
    BUILDING,
    SPOOL,
    finish,
    make_folder,
    only_import,
    remove_leftovers,
)
from kg.sources import SOURCES, Choice, ImportedTriple, ReadReport
from kg.sources.text_files import format_of, without_endings
from kg.vocabulary import graph_iri, graphs_of, read_graph_iri

MIN_MEMORY = 16
"""MiB."""
BYTES_A_QUAD = 1000
"""Memory for each statement that is sorted, and then loaded, at a time."""
_DCT = "http://purl.org/dc/terms/"

Progress = Callable[[str, int, int], None]
"""Called with the step ("read", "load", "index"), what is done and what there is to do."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    problems: the first bad lines, with their numbers. left_out: what was understood and left out.
    replaced: whether the store held a source of this name before.
    """

    source: SourceInfo
    facts: int
    problems: list[str] = field(default_factory=list)
    left_out: str = ""
    replaced: bool = False


def import_source(
    path: str | Path,
    store: str | Path,
    format_: str | None = None,
    name: str | None = None,
    choice: Choice | None = None,
    strict: bool = False,
    progress: Progress = lambda step, done, total: None,
    memory: int = MEMORY >> 20,
) -> Imported:
    """Read a file or folder into the store `store`, which is made if there is none.

    The facts join those of other sources. A source of the same name is replaced. Everything is
    written beside the old store and takes its place in one step at the end, so that an import
    that fails or is killed changes nothing. Who has the old one open can go on reading it.

    format_: a name of `kg.sources.SOURCES`; found out from the file where it is None.
    name: what the facts' source is called; the file's name without its endings if None.
    memory: MiB for what is loaded and sorted at a time. Python and the names' tries need more,
        the tries in proportion to the names.

    Raises:
        SightGraphError: the source cannot be read, a line is bad and `strict`, another import
            into this store is running, or the memory is less than `MIN_MEMORY`.
    """
    if memory < MIN_MEMORY:
        raise SightGraphError(
            f"{memory} MiB are too few to import with. Give {MIN_MEMORY} or more."
        )
    source, folder = Path(path), Path(store)
    reader = SOURCES.resolve(chosen := format_ or format_of(source))
    size = _size(source)
    file = Path(os.path.abspath(source)).name
    called = name or without_endings(file.lstrip("."))
    make_folder(folder)
    with only_import(folder):
        remove_leftovers(folder)
        building = folder / f"{BUILDING}{uuid.uuid4().hex[:12]}"
        building.mkdir()
        try:
            report = ReadReport(strict, lambda read: progress("read", read, size))
            statements = reader(source, choice or Choice(), report)  # type: ignore[arg-type, call-arg]
            info = SourceInfo(called, file, chosen, statements=0, skipped=0)
            filled = _fill(building, folder, info, statements, report, progress, memory << 20)
            info, facts, replaced = filled
            finish(folder, building, info)
        except BaseException as error:
            clear_frames(error.__traceback__)  # closes the triples, whose threads write to files
            shutil.rmtree(building, ignore_errors=True)
            raise
    return Imported(info, facts, report.problems, report.left_out, replaced)


def _fill(
    building: Path,
    folder: Path,
    source: SourceInfo,
    statements: Iterable[ImportedTriple],
    report: ReadReport,
    progress: Progress,
    memory: int,
) -> tuple[SourceInfo, int, bool]:
    """Write the triples of all sources and their index.

    Returns what was read, the number of all facts, and whether the source was there before.
    """
    counted, index = _Counted(statements), building / "index"
    index.mkdir()
    with corruption_as_damage(folder):
        triples, replaced = _copy_of_triples(folder, building, source.name)
    with SortedLines(index) as lines:
        part, read = max(memory // BYTES_A_QUAD, 1), map(_line, _quads(counted, source.name))
        most = 0
        while some := list(islice(read, part)):
            lines.write(some)
            most += len(some)
        _check_some(counted, source, report)
        total = _load(
            triples, lines, building / SPOOL, part, lambda done: progress("load", done, most)
        )
    source = dataclasses.replace(source, statements=counted.count, skipped=report.skipped)
    triples.extend(_description(source))
    triples.flush()
    return source, _compile(building, total, progress, memory), replaced


def _check_some(counted: _Counted, source: SourceInfo, report: ReadReport) -> None:
    if not counted.count:
        first = "".join(f" First: {problem}." for problem in report.problems[:1])
        raise SightGraphError(
            f"'{source.file}' holds no statement that could be imported; {report.skipped} lines "
            f"were skipped.{first}"
        )


def _line(quad: pyoxigraph.Quad) -> bytes:
    return f"{quad} .".encode()


def _load(
    triples: pyoxigraph.Store,
    lines: SortedLines,
    spool: Path,
    part: int,
    progress: Callable[[int], None],
) -> int:
    """Add each line once, in parts; write N-Quads of all that is then there; return how many.

    Half of what a table states repeats names, and sorted parts overlap little, so that the store
    has less to merge.
    """
    count, loaded = 0, 0
    once = (line for line, _ in groupby(lines.merged()))
    with spool.open("wb") as file:
        for quad in triples:  # of other sources
            file.write(_line(quad) + b"\n")
            count += 1
        while some := list(islice(once, part)):
            content = b"".join(some)
            file.write(content)
            triples.bulk_load(content, format=pyoxigraph.RdfFormat.N_QUADS)
            loaded += len(some)
            progress(loaded)
    return count + loaded


def _copy_of_triples(folder: Path, building: Path, replaced: str) -> tuple[pyoxigraph.Store, bool]:
    """Return the triples to add to, those of the other sources, and whether there were others.

    The copy costs next to nothing: it shares the old files, which are never changed.
    """
    target = str(building / "triples")
    current = current_generation(folder)
    if current is None:
        return pyoxigraph.Store(target), False
    if read_about(current).get("checked"):
        check_generation(current)
    pyoxigraph.Store.read_only(str(current / "triples")).backup(target)
    triples = pyoxigraph.Store(target)
    old = [one for one in triples.named_graphs() if one.value.startswith(graphs_of(replaced))]
    for graph in old:
        triples.remove_graph(graph)
    source = pyoxigraph.NamedNode(graphs_of(replaced))
    for quad in list(triples.quads_for_pattern(source, None, None, pyoxigraph.DefaultGraph())):
        triples.remove(quad)
    return triples, bool(old)


class _Counted:
    """An iterable of statements that counts them."""

    def __init__(self, statements: Iterable[ImportedTriple]) -> None:
        self.statements = statements
        self.count = 0

    def __iter__(self) -> Iterator[ImportedTriple]:
        for statement in self.statements:
            self.count += 1
            yield statement


def _quads(statements: Iterable[ImportedTriple], source: str) -> Iterator[pyoxigraph.Quad]:
    graphs: dict[tuple[str, float], pyoxigraph.NamedNode] = {}
    nodes: dict[str, pyoxigraph.NamedNode] = {}
    for subject, predicate, value, literal, language, datatype, strength, origin in statements:
        key = (origin, strength)
        if key not in graphs:
            graphs[key] = pyoxigraph.NamedNode(graph_iri(source, origin, strength))
        if predicate not in nodes:
            nodes[predicate] = pyoxigraph.NamedNode(predicate)
        object_: pyoxigraph.Literal | pyoxigraph.NamedNode
        if not literal:
            object_ = pyoxigraph.NamedNode(value)
        elif language:
            object_ = pyoxigraph.Literal(value, language=language)
        elif datatype:
            object_ = pyoxigraph.Literal(value, datatype=pyoxigraph.NamedNode(datatype))
        else:
            object_ = pyoxigraph.Literal(value)
        yield pyoxigraph.Quad(pyoxigraph.NamedNode(subject), nodes[predicate], object_, graphs[key])


def _description(source: SourceInfo) -> list[pyoxigraph.Quad]:
    """State the provenance of a source in RDF, in the default graph."""
    subject = pyoxigraph.NamedNode(graphs_of(source.name))
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return [
        pyoxigraph.Quad(subject, pyoxigraph.NamedNode(_DCT + name), pyoxigraph.Literal(value))
        for name, value in (("title", source.name), ("source", source.file), ("created", now))
    ]


def _compile(building: Path, quads: int, progress: Progress, memory: int) -> int:
    """Compile the index from the file of all `quads`, which is read twice; return its facts.

    The store is not asked for them: it looks every term up, and wrote 1.1 MB/s of 30 million facts.
    """
    index, spool = building / "index", building / SPOOL
    build_index(
        index, lambda: _quads_of(spool), lambda done: progress("index", done, 2 * quads), memory
    )
    spool.unlink()
    return int(json.loads((index / "index.json").read_text("utf-8"))["edges"])


def _quads_of(spool: Path) -> Iterator[Quad]:
    nquads = pyoxigraph.RdfFormat.N_QUADS
    for quad in pyoxigraph.parse(path=str(spool), format=nquads):  # type: ignore[call-overload]
        graph = quad.graph_name
        if isinstance(graph, pyoxigraph.DefaultGraph):
            continue
        source, strength = read_graph_iri(graph.value)
        object_ = quad.object
        literal = isinstance(object_, pyoxigraph.Literal)
        yield quad.subject.value, quad.predicate.value, object_.value, literal, source, strength


def _size(source: Path) -> int:
    if source.is_dir():
        return sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
    if not source.is_file():
        raise SightGraphError(f"there is nothing to import at '{source}'. Give a file or a folder.")
    return source.stat().st_size

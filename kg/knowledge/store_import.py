"""Bringing sources into a store: all of a source, or the store stays as it was."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from traceback import clear_frames

import pyoxigraph

from kg.errors import SightGraphError
from kg.files import atomic_path, lock
from kg.index.build import Quad, build_index
from kg.index.edges import MEMORY
from kg.index.runs import SortedLines
from kg.knowledge.integrity import (
    CHECKSUMS,
    check_generation,
    corruption_as_damage,
    damaged,
    write_checksums,
)
from kg.knowledge.store import (
    ABOUT,
    CURRENT,
    FORMAT,
    GENERATION,
    GENERATION_NAME,
    SourceInfo,
    current_generation,
    is_store,
    read_about,
)
from kg.sources import SOURCES, Choice, ImportedTriple, ReadReport
from kg.sources.text_files import format_of, without_endings
from kg.vocabulary import graph_iri, graphs_of, read_graph_iri

MIN_MEMORY = 16
"""MiB."""
BYTES_A_QUAD = 1000
"""Memory of pyoxigraph for each quad that it loads at a time, as measured."""
BUILDING = "building-"
_LOCK = "lock"
_SPOOL = "spool.nq"
_BUILDING_NAME = re.compile(rf"(?:{BUILDING}|{GENERATION})[0-9a-f]{{12}}")
_OWN_NAMES = {"triples", "index", _SPOOL, ABOUT, CHECKSUMS}
"""All that a generation holds, finished or not."""
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
    _make_folder(folder)
    with _only_import(folder):
        _remove_leftovers(folder)
        building = folder / f"{BUILDING}{uuid.uuid4().hex[:12]}"
        building.mkdir()
        try:
            report = ReadReport(strict, lambda read: progress("read", read, size))
            statements = reader(source, choice or Choice(), report)  # type: ignore[arg-type, call-arg]
            info = SourceInfo(called, file, chosen, statements=0, skipped=0)
            filled = _fill(building, folder, info, statements, report, progress, memory << 20)
            info, facts, replaced = filled
            _finish(folder, building, info)
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
            triples, lines, building / _SPOOL, part, lambda done: progress("load", done, most)
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


def _make_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SightGraphError(f"cannot make a store at '{folder}': it is a file. Name a folder.")
    if folder.is_dir() and current_generation(folder) is None:
        if is_store(folder) and (folder / _LOCK).is_file():
            raise damaged(folder, f"its file '{CURRENT}' names no generation")
        others = sorted(one.name for one in folder.iterdir() if not _is_own(one))
        if others:
            raise SightGraphError(
                f"the folder '{folder}' holds other files ('{others[0]}'). Name a new or empty one."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SightGraphError(f"cannot make the folder '{folder}': {error.strerror}.") from error


def _is_own(path: Path) -> bool:
    """Whether an import certainly made `path`: by its name and by all that it holds."""
    if path.is_symlink():
        return False
    if path.is_dir():
        return bool(_BUILDING_NAME.fullmatch(path.name)) and all(
            one.name in _OWN_NAMES for one in path.iterdir()
        )
    if path.name == _LOCK:
        return path.stat().st_size == 0
    if not path.name.startswith(f".{CURRENT}"):
        return False
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    return not text or bool(GENERATION_NAME.fullmatch(text))


@contextmanager
def _only_import(folder: Path) -> Iterator[None]:
    """Hold the store's lock; the system lets go of it when the process ends, however it ends."""
    try:
        file = (folder / _LOCK).open("w")
    except OSError as error:
        raise SightGraphError(f"cannot write to the store '{folder}': {error.strerror}.") from error
    with file:
        if not lock(file, exclusive=True):
            raise SightGraphError(
                f"another import into '{folder}' is running. Wait until it has ended."
            )
        yield


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed imports left, and replaced generations that nobody reads any more."""
    current = current_generation(folder)
    for one in folder.iterdir():
        if one in (current, folder / _LOCK) or not _is_own(one):
            continue
        if one.is_file():
            one.unlink()
        elif not (one / ABOUT).is_file():
            shutil.rmtree(one, ignore_errors=True)
        else:
            with (one / ABOUT).open("rb") as about:
                if lock(about, exclusive=True):
                    shutil.rmtree(one, ignore_errors=True)


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

    The store is not asked: it looks every term up, which took two hours for 30 million facts.
    """
    index, spool = building / "index", building / _SPOOL
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


def _finish(folder: Path, building: Path, info: SourceInfo) -> None:
    """Let the new generation take the place of the old one."""
    old = current_generation(folder)
    others = [] if old is None else read_about(old)["sources"]
    sources = [one for one in others if one["name"] != info.name] + [asdict(info)]
    about = json.dumps({"format": FORMAT, "checked": True, "sources": sources})
    (building / ABOUT).write_text(about, encoding="utf-8")
    write_checksums(building)
    _sync(*building.rglob("*"), building)
    generation = folder / f"{GENERATION}{building.name.removeprefix(BUILDING)}"
    building.rename(generation)
    with atomic_path(folder / CURRENT) as path:
        path.write_text(generation.name + "\n", encoding="utf-8")
        _sync(path, folder)
    _sync(folder)
    _remove_leftovers(folder)


def _sync(*paths: Path) -> None:
    """Wait until files and folders are on the disk, so that `current` never names half a store."""
    for path in paths:
        if os.name == "nt" and path.is_dir():  # Windows opens no folder
            continue
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _size(source: Path) -> int:
    if source.is_dir():
        return sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
    if not source.is_file():
        raise SightGraphError(f"there is nothing to import at '{source}'. Give a file or a folder.")
    return source.stat().st_size

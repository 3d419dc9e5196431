"""SPARQL over knowledge: read-only, never out to the network, and within a time limit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph
from rdflib import Graph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parser import expandUnicodeEscapes
from rdflib.plugins.sparql.parserutils import CompValue

from kg.errors import SightGraphError
from kg.knowledge.integrity import corruption_as_damage
from kg.vocabulary import KNOWLEDGE, ONTOLOGY, OWL, RDF, RDFS, SCENE, SKOS

PREFIXES = {
    "sg": KNOWLEDGE,
    "sgo": ONTOLOGY,
    "scene": SCENE,
    "rel": SCENE + "relation/",
    "rdf": RDF,
    "rdfs": RDFS,
    "owl": OWL,
    "skos": SKOS,
    "cn": "http://conceptnet.io/c/en/",
    "cnr": "http://conceptnet.io/r/",
}
"""Prefixes that a query need not declare."""
REFUSED = 2
"""What the process of a query ends with when its message is for the user."""
MAX_MEMORY = 2 << 30
"""Bytes that the process of a query may take for itself."""
OUT_OF_MEMORY = "memory allocation of"
"""What Rust says before it aborts."""
MOST_ESCAPES = 3
"""How often a query may be escaped: an escape can spell another one."""
_FETCHING = {"ServiceGraphPattern": "SERVICE", "DatasetClause": "FROM"}


def select(
    sources: Sequence[Graph | Path],
    sparql: str,
    seconds: float | None = None,
) -> list[dict[str, str]]:
    """Run a SELECT or ASK query over all `sources` together; variable -> text for each row.

    An ASK query gives one row, `{"ask": "true"}` or `{"ask": "false"}`. Named graphs are read
    as one with the default graph; `GRAPH ?g` tells them apart.

    sources: graphs in memory, and at most one folder with a pyoxigraph store.
    seconds: the query runs in a process of its own, which is ended after that time; None
        runs it here, without a limit.

    The prefixes of `PREFIXES` and those that the graphs declare are known.

    Raises:
        SightGraphError: the query is broken, is no SELECT or ASK, uses SERVICE or FROM, takes
            longer than `seconds`, or needs more than `MAX_MEMORY` bytes in its own process.
    """
    known = dict(PREFIXES)
    graphs = [source for source in sources if isinstance(source, Graph)]
    for graph in graphs:
        known |= {prefix: str(namespace) for prefix, namespace in graph.namespaces()}
    sparql = check_read_only(sparql, known)
    folder = next((str(source) for source in sources if isinstance(source, Path)), None)
    lines = {line for graph in graphs for line in graph.serialize(format="nt").split("\n")}
    triples = "\n".join(sorted(lines))  # rows come in the order in which triples are loaded
    with _room_for_copy(folder if triples else None) as copy:
        request: dict[str, Any] = {
            "sparql": sparql,
            "prefixes": known,
            "store": folder,
            "copy": copy,
            "memory": MAX_MEMORY,
        }
        if seconds is None:
            return _rows(request, triples)
        return _rows_of_process(request, triples, seconds)


def open_triples(folder: str | Path) -> pyoxigraph.Store:
    """Open the triples of a store on disk, read-only.

    Raises:
        SightGraphError: they are missing or broken.
    """
    try:
        return pyoxigraph.Store.read_only(str(folder))
    except (OSError, ValueError, RuntimeError) as error:
        raise SightGraphError(
            f"the triples in '{folder}' are damaged: {error}. Import the sources again."
        ) from error


def check_read_only(sparql: str, prefixes: Mapping[str, str]) -> str:
    """Refuse whatever is no SELECT or ASK over the knowledge itself; return what may be run.

    Only the returned text is run: two parsers that read escapes, or the ends of comments,
    differently would check one query and run another.

    Raises:
        SightGraphError: the query is broken, would change something, or fetch something.
    """
    sparql = _one_reading(sparql)
    try:
        query = prepareQuery(sparql, initNs=dict(prefixes))
    except Exception as error:  # pyparsing and rdflib raise many kinds
        raise SightGraphError(
            f"the query is not readable SPARQL: {error}. Only SELECT and ASK are run."
        ) from error
    algebra: Any = query.algebra
    if algebra.name not in ("SelectQuery", "AskQuery"):
        raise SightGraphError(f"only SELECT and ASK are run, not {algebra.name}.")
    _refuse_fetching(algebra)
    return sparql


def _one_reading(sparql: str) -> str:
    """Return the query without escapes of code points, and with one kind of line end."""
    for _ in range(MOST_ESCAPES):
        plain = expandUnicodeEscapes(sparql)
        if plain == sparql:
            return plain.replace("\r\n", "\n").replace("\r", "\n")
        sparql = plain
    raise SightGraphError("the query escapes its escapes. Write the letters as they are.")


def _rows_of_process(
    request: Mapping[str, Any], triples: str, seconds: float
) -> list[dict[str, str]]:
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-P",
                "-m",
                "kg.knowledge.sparql",
            ],  # -P: nothing from the working folder
            input=json.dumps(request) + "\n" + triples,
            capture_output=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SightGraphError(
            f"the query was ended after {seconds:g} s. Ask for less, add LIMIT, or allow more time."
        ) from None
    if done.returncode == REFUSED:
        raise SightGraphError(done.stderr.strip())
    if done.returncode < 0 or OUT_OF_MEMORY in done.stderr:
        raise SightGraphError(
            f"the query needed more memory than {request['memory'] >> 20} MB, or was killed. Ask "
            "for less, or add LIMIT."
        )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SightGraphError(f"the query failed: {reason}.")
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def _rows(request: Mapping[str, Any], triples: str) -> list[dict[str, str]]:
    store = _opened(request["store"], request["copy"], triples)
    try:
        result: Any = store.query(
            request["sparql"], prefixes=request["prefixes"], use_default_graph_as_union=True
        )
    except (SyntaxError, ValueError) as error:
        raise SightGraphError(f"the query is not readable SPARQL: {error}.") from error
    if isinstance(result, pyoxigraph.QueryBoolean):
        return [{"ask": str(bool(result)).lower()}]
    names = [variable.value for variable in result.variables]
    with corruption_as_damage(Path(request["store"] or "")):
        return [
            {
                name: _text(value)
                for name, value in zip(names, row, strict=True)
                if value is not None
            }
            for row in result
        ]


def _opened(folder: str | None, copy: str | None, triples: str) -> pyoxigraph.Store:
    """Return the store to query: in memory, on disk, or a copy of it with triples beside."""
    if folder and not copy:
        return open_triples(folder)
    store = pyoxigraph.Store()
    if folder and copy:
        _copy_triples(Path(folder), Path(copy))
        store = pyoxigraph.Store(copy)
    store.bulk_load(triples.encode(), format=pyoxigraph.RdfFormat.N_TRIPLES)
    return store


def _copy_triples(folder: Path, copy: Path) -> None:
    """Copy a store on disk; that costs next to nothing where the two can share their files."""
    try:
        open_triples(folder).backup(str(copy))
    except OSError:  # files of another owner can often not be shared
        copy.mkdir(exist_ok=True)
        for file in folder.iterdir():
            shutil.copyfile(file, copy / file.name)


@contextmanager
def _room_for_copy(folder: str | None) -> Iterator[str | None]:
    """Yield where a copy of the store in `folder` can lie for the time of a query.

    Beside it, where the copy can share its files, which are never changed.
    """
    if folder is None:
        yield None
        return
    try:
        room = tempfile.TemporaryDirectory(dir=Path(folder).parent, ignore_cleanup_errors=True)
    except OSError:  # a folder that may not be written
        room = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with room as temporary:
        yield str(Path(temporary) / "triples")


def _text(term: Any) -> str:
    return str(term.value) if hasattr(term, "value") else str(term)


def _refuse_fetching(part: Any) -> None:
    """Walk a query's algebra and refuse every part that would fetch from elsewhere."""
    if isinstance(part, CompValue):
        if part.name in _FETCHING:
            raise SightGraphError(
                f"{_FETCHING[part.name]} would fetch from elsewhere and is not run. Leave it out."
            )
        for value in part.values():
            _refuse_fetching(value)
    elif isinstance(part, list | tuple | set):
        for value in part:
            _refuse_fetching(value)


def _limit_memory(wanted: int) -> None:
    """Let this process fail rather than take what others need; files that it maps do not count."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


if __name__ == "__main__":
    head = json.loads(sys.stdin.readline())
    _limit_memory(head["memory"])
    try:
        json.dump(_rows(head, sys.stdin.read()), sys.stdout)
    except SightGraphError as error:
        print(error, file=sys.stderr)
        sys.exit(REFUSED)

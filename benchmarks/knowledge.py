"""The compiled index against pyoxigraph, rdflib, networkx, scipy, spaCy and rapidfuzz.

One thread, one run, on the graph of `knowledge_graph.py`. Every peer has a process of its own, in
which the index is open too: both are asked in turn, and their answers are compared
(`knowledge_measures.py`).

    python benchmarks/knowledge.py --conceptnet DATASETS/conceptnet_en.tsv.gz
    python benchmarks/knowledge.py --triples 10000000 --only ours
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np
from knowledge_graph import Graph, make_graph
from knowledge_measures import DisagreementError, Row, is_plain, links, log, memory, ranks, walks
from knowledge_peers import PEERS, fill_oxigraph
from needs import check_needs
from rich.console import Console
from rich.table import Table

from kg.index.build import build_index
from kg.index.open import Index
from kg.vocabulary import LABEL_IRI

STARTED = 9
"""Processes that open an index or a store, of each."""
OPENING = {
    "ours": """
from pathlib import Path; from kg.index.open import Index
index = Index(Path({folder!r}) / "index")
print(len(index.neighbours_by_label({label!r}, index.relation({relation!r}))))""",
    "pyoxigraph": """
from pyoxigraph import DefaultGraph, Literal, NamedNode, Store
find, graph = Store.read_only({folder!r} + "/pyoxigraph").quads_for_pattern, DefaultGraph()
node = next(find(None, NamedNode({name!r}), Literal({label!r}), graph)).subject
print(len([quad.object for quad in find(node, NamedNode({relation!r}), None, graph)]))""",
}


def opening(folder: Path, systems: Sequence[str]) -> list[Row]:
    """Time whole processes that open the index or a store, and ask one question by label."""
    graph = Graph.load(folder)
    index = Index(folder / "index")
    fact = next(
        number for number, one in enumerate(graph.subject) if is_plain(index, graph.labels[one])
    )
    said = {
        "folder": str(folder),
        "name": LABEL_IRI,
        "label": graph.labels[graph.subject[fact]],
        "relation": graph.relations[graph.relation[fact]],
    }
    seconds: dict[str, list[tuple[float, float]]] = {system: [] for system in systems}
    answers = set()
    for _ in range(STARTED):
        for system in systems:
            start, own = perf_counter(), _children_seconds()
            command = [sys.executable, "-c", OPENING[system].format(**said)]
            answers.add(subprocess.run(command, check=True, capture_output=True).stdout)
            seconds[system].append((_children_seconds() - own, perf_counter() - start))
    if len(answers) != 1:
        raise DisagreementError(f"open and ask {said}: {answers}")
    own, wall = np.median(list(seconds.values()), axis=1).T.tolist()
    peer = systems[-1] if len(systems) > 1 else ""
    return [
        Row("open and first query, process", peer, *own, unit="s", most=0.2),
        Row("the same by the clock", peer, *wall, unit="s"),
    ]


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build(folder: Path, system: str) -> tuple[float, float, int]:
    """Build the index or the store; return seconds, GiB of memory at most, and bytes."""
    graph = Graph.load(folder)
    target = folder / ("index" if system == "ours" else system)
    target.mkdir()
    start = process_time()
    if system == "ours":
        build_index(target, graph.quads)
    else:
        fill_oxigraph(graph, folder)
    seconds = process_time() - start
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    return seconds, memory("VmHWM"), size


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run `function` in a process of its own, and hand back its memory."""
    log(" ".join(map(str, (function.__name__, *arguments[1:]))))
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def measure(folder: Path, only_ours: bool, triples: int) -> Iterator[list[Row]]:
    """Build the index and the store in `folder`, and yield the rows of each comparison."""
    systems = ["ours"] if only_ours else ["ours", "pyoxigraph"]
    peers = [""] if only_ours else list(PEERS)
    built = np.array([alone(build, folder, system) for system in systems])
    peer = "" if only_ours else "pyoxigraph"
    yield [
        Row("disk, a triple", peer, *(built[:, 2] / triples), unit="bytes", most=30),
        Row("build", peer, *built[:, 0], unit="s"),
        Row("memory of the build, at most", peer, *built[:, 1], unit="GiB"),
    ]
    for each in peers:
        yield alone(walks, folder, each)
    yield alone(ranks, folder, "" if only_ours else "scipy")
    yield opening(folder, systems)
    yield alone(links, folder, not only_ours)


def save(rows: Iterable[Row], file: Path) -> None:
    """Write `rows` as JSON, whatever was written before."""
    said = [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]
    file.write_text(json.dumps(said, indent=1) + "\n")


def table_of(rows: Iterable[Row]) -> Table:
    """Return `rows` as a table."""
    columns = ("what", "peer", "ours", "peer's", "times", "any node", "by degree", "goal", "met")
    table = Table(*columns)
    for row in rows:
        goals = [] if row.most is None else [f"<= {row.most:g} {row.unit}"]
        goals += [] if row.least is None else [f">= {row.least:g} x"]
        numbers = [f"{row.ours:,.2f} {row.unit}", row.theirs and f"{row.theirs:,.2f} {row.unit}"]
        numbers += [one and f"{one:,.1f}" for one in (row.ratio, row.any_node, row.by_degree)]
        cells = [one or "-" for one in numbers]
        table.add_row(row.what, row.peer, *cells, ", ".join(goals), row.met)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--triples", type=int, default=3_000_000)
    parser.add_argument("--conceptnet", type=Path)
    parser.add_argument("--only", choices=["ours"])
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    if chosen.only != "ours":
        check_needs("pyoxigraph", "rdflib", "networkx", "scipy", "spacy", "rapidfuzz")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # for the processes that measure
    with TemporaryDirectory() as folder:
        graph = make_graph(chosen.triples, chosen.conceptnet)
        graph.save(Path(folder))
        title = f"{len(graph.subject):,} triples, {len(graph.labels):,} labels besides"
        del graph
        rows: list[Row] = []
        for part in measure(Path(folder), chosen.only == "ours", chosen.triples):
            rows += part
            log("\n".join(map(str, part)))
            if chosen.json:
                save(rows, chosen.json)
    console = Console(width=160)
    console.print(title)
    console.print(table_of(rows))


if __name__ == "__main__":
    main()

"""What a photograph costs on a Ray cluster, and what a worker more gives.

    python benchmarks/cluster.py FOLDER [--photographs 24] [--workers 1 2] [--json FILE]

Stages are measured in this process, one after another. Then the same photographs are made into
parts by clusters of so many workers, which end afterwards. Seconds are of the processor (user and
system), since other programs may run here; those of a cluster are of all its processes together.
"Busy" is from the first row to the last; loading the models is counted apart. Each part is printed
and written to --json, one object a line, as soon as it is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from needs import check_needs

from kg.formats.json import as_json
from pipelines.batch.engines import GroupWork, Row
from pipelines.batch.graphs import Graphs, GraphTask
from pipelines.batch.part_formats import as_nquads, as_parquet
from pipelines.batch.parts import PartFolder
from pipelines.batch.photo_files import PhotoFiles
from pipelines.batch.photographs import find_photographs
from pipelines.batch.ray_engine import RayEngine
from pipelines.cli.batch import load_sightgraph
from pipelines.cli.eyes import Eyes
from pipelines.cli.own_knowledge import OwnKnowledge

LOAD = partial(load_sightgraph, (OwnKnowledge(), Eyes(no_cache=True)))


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `call` returns, and its processor seconds."""
    start = process_time()
    return call(), process_time() - start


def stages(photos: Sequence[str]) -> dict[str, float]:
    """Return the median processor seconds of each stage, and the bytes of the files."""
    files, (sightgraph, load) = PhotoFiles(), timed(LOAD)
    # What is compiled or imported at the first use.
    first = {"photo": photos[0], "graph": as_json(sightgraph.graph(photos[0]))}
    as_parquet([first])
    as_nquads([first])
    seconds: dict[str, list[float]] = {}
    rows: list[Row] = []
    for photo in photos:
        digest, hashed = timed(partial(files.digest, photo))
        opened, decoded = timed(partial(files.open, photo))
        scene, made = timed(partial(sightgraph.graph, opened))
        graph, written = timed(partial(as_json, scene))
        rows.append({"photo": photo, "sha256": digest, "nodes": 0, "edges": 0, "graph": graph})
        steps = {"hash": hashed, "read and decode": decoded, "graph": made, "json": written}
        for name, one in steps.items():
            seconds.setdefault(name, []).append(one)
    table, parquet = timed(partial(as_parquet, rows))
    quads, rdf = timed(partial(as_nquads, rows))
    found = {name: median(values) for name, values in seconds.items()}
    count = len(rows)
    found |= {"parquet": parquet / count, "rdf": rdf / count, "load the models": load}
    return found | {"parquet bytes": len(table) / count, "rdf bytes": len(quads) / count}


@dataclass(frozen=True)
class Measured:
    """Work whose rows tell the processor seconds that its process has used."""

    make_work: Callable[[], GroupWork]

    def __call__(self) -> GroupWork:
        work, loaded = self.make_work(), process_time()

        class Inner(GroupWork):
            def of_group(self, tasks: Sequence[Any]) -> list[Row]:
                start = process_time()
                rows = work.of_group(tasks)
                used = (process_time() - start) / len(tasks)
                own = {"used": used, "loaded": loaded, "pid": os.getpid()}
                return [row | own for row in rows]

        return Inner()


def of_cluster(photos: Sequence[str], workers: int) -> dict[str, float]:
    """Return what the photographs cost on a cluster of its own."""
    import psutil

    tasks = [GraphTask(photo, PhotoFiles().digest(photo)) for photo in photos]
    with tempfile.TemporaryDirectory() as folder, RayEngine(workers, "local") as engine:
        target = PartFolder.of(None, Path(folder), "parquet,nq")
        work = target.filled_by(Graphs(LOAD, with_graph=True))
        times, rows, start = [], [], perf_counter()
        for _, row in engine(Measured(work), tasks):
            times.append(perf_counter() - start)
            rows.append(row)
        tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
        every = sum(sum(one.cpu_times()[:2]) for one in tree if one.is_running())
        busy, first = times[-1] - times[0], times.count(times[0])
    failed = sum("error" in row for row in rows)
    loaded = {row["pid"]: row["loaded"] for row in rows}
    used = sum(row["used"] for row in rows)
    return {
        "workers": workers,
        "of them worked": len(loaded),
        "photographs": len(rows) - failed,
        "errors": failed,
        "processor seconds a photograph": used / len(rows),
        "loading a worker": median(loaded.values()),
        "processor seconds of all processes": every,
        "of Ray and the driver": every - used - sum(loaded.values()),
        "busy seconds by the clock": busy,
        "photographs a busy second": (len(rows) - first) / busy if busy else 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--photographs", type=int, default=24)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    check_needs("ray", "pyarrow", "psutil")
    photos = [str(Path(one).absolute()) for one in find_photographs([given.folder])]
    photos = photos[: given.photographs]
    measures = [partial(stages, photos), *(partial(of_cluster, photos, n) for n in given.workers)]
    for measure in measures:
        line = json.dumps({name: round(value, 4) for name, value in measure().items()})
        print(line, flush=True)
        if given.json:
            with given.json.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()

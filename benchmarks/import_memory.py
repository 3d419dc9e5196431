"""Imports larger and larger tables, each in a process of its own, and measures its memory.

A table is ConceptNet, padded with a made-up power-law graph (`knowledge_graph.py`), and has a name
for every three facts. The last lines are straight lines through the largest two sizes.

    python benchmarks/import_memory.py --conceptnet DATASETS/conceptnet_en.tsv.gz \\
        --facts 1000000 10000000 30000000 --folder /somewhere/large --json import.json
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from knowledge_graph import make_graph
from knowledge_measures import log, memory
from needs import check_needs

from kg.index.edges import MEMORY
from kg.index.open import STRENGTHS
from kg.knowledge.store import Store
from kg.knowledge.store_import import import_source
from kg.sources.conceptnet import CATEGORIES, MERGED_HEADER
from kg.vocabulary import IS_A_IRI

BYTES_A_FACT = 1_000
"""Disk that an import needs at most at a time: the table, triples, a copy as N-Quads, runs."""
PREDICTED, SMALLEST = 100_000_000, 1_000_000
"""Facts for which the straight lines are read, and with which an import fills its memory."""


@dataclass(frozen=True)
class Row:
    """One import: seconds of processor time and by the clock, peak in MiB, bytes on disk."""

    facts: int
    names: int
    seconds: float
    wall: float
    peak: float
    disk: int
    index: int


def write_table(file: Path, facts: int, conceptnet: Path | None) -> None:
    """Write a table of so many different facts in ConceptNet's merged form."""
    graph = make_graph(facts, conceptnet)
    category = min(CATEGORIES)
    relations = [category if iri == IS_A_IRI else iri.rpartition("/")[2] for iri in graph.relations]
    with file.open("w", encoding="utf-8") as opened:
        opened.write(MERGED_HEADER + "\n")
        for subject, relation, object_, strength in graph.facts():
            weight = strength / (STRENGTHS + 1 - strength)
            ends = graph.labels[subject], relations[relation], graph.labels[object_]
            opened.write("\t".join((*ends, f"{weight:.4f}", "made-up")) + "\n")


def measure(table: Path, store: Path, mebibytes: int) -> Row:
    """Import a table; to be run in a process of its own, whose memory is measured."""
    start, wall = process_time(), perf_counter()
    import_source(table, store, "conceptnet", memory=mebibytes)
    seconds, wall, peak = process_time() - start, perf_counter() - wall, memory("VmHWM") * 1024
    index = Store(store).index
    disk = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    sizes = (disk, index.bytes_on_disk())
    return Row(
        index.edges, len(index.names), round(seconds, 1), round(wall, 1), round(peak), *sizes
    )


def straight_line(rows: Sequence[Row]) -> str:
    """Return what the two largest sizes tell of `PREDICTED` facts."""
    small, large = sorted(rows, key=lambda row: row.facts)[-2:]

    def predicted(name: str) -> float:
        low, high = getattr(small, name), getattr(large, name)
        slope = (high - low) / (large.facts - small.facts)
        return float(high + slope * (PREDICTED - large.facts))

    return (
        f"{PREDICTED:,} facts by a straight line: {predicted('seconds'):,.0f} s, "
        f"{predicted('peak'):,.0f} MiB, {predicted('disk') / 1e9:,.0f} GB"
    )


def check_disk(folder: Path, facts: int) -> None:
    """End before anything is measured if the largest import will not fit."""
    free, needed = shutil.disk_usage(folder).free, facts * BYTES_A_FACT
    if free < needed:
        sys.exit(
            f"{facts:,} facts need {needed / 1e9:.0f} GB in '{folder}', where {free / 1e9:.0f} GB "
            "are free, and nothing was measured. Name another --folder, or fewer --facts."
        )


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in a fresh process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facts", type=int, nargs="+", default=[1_000_000, 3_000_000])
    parser.add_argument("--conceptnet", type=Path)
    parser.add_argument("--folder", type=Path, help="where there is place; tables stay there")
    parser.add_argument("--memory", type=int, default=MEMORY >> 20, help="of the import, in MiB")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    check_needs("pyoxigraph", "numpy")
    with TemporaryDirectory(dir=chosen.folder) as temporary:
        check_disk(Path(temporary), max(chosen.facts))
        rows: list[Row] = []
        for facts in chosen.facts:
            table = (chosen.folder or Path(temporary)) / f"facts-{facts}.tsv"
            if not table.exists():
                log(f"writing {table}")
                alone(write_table, table, facts, chosen.conceptnet)
            store = Path(temporary) / "store"
            rows.append(alone(measure, table, store, chosen.memory))
            shutil.rmtree(store)
            print(rows[-1], flush=True)
            if chosen.json:
                chosen.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    large = [row for row in rows if row.facts >= SMALLEST]
    if len(large) > 1:
        print(straight_line(large))


if __name__ == "__main__":
    main()

"""A million vectors in the search index: time to add, disk, memory, queries, recall.

The vectors are drawn from clusters in a subspace, as those of photographs are: topics in 64 of 256
dimensions with a hundred vectors each, and noise in all. Exact neighbours are those of 32-bit
floats. CPU seconds are given beside the clock's, for machines that do other work meanwhile.

    OMP_NUM_THREADS=1 python benchmarks/search_index.py --vectors 1000000
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from pipelines.search.index import VectorIndex

SUBSPACE, PER_TOPIC, SPREAD, NOISE = 64, 100, 0.8, 0.1
BATCH, QUERIES, K, SEED = 10_000, 200, 10, 0
MODEL = "benchmark"

Floats = NDArray[np.float32]


class Clusters:
    """Draws unit vectors, [N, D]."""

    def __init__(self, topics: int, dimension: int) -> None:
        self.random = np.random.default_rng(SEED)
        self.topics = self._normal(topics, SUBSPACE)
        self.subspace = self._normal(SUBSPACE, dimension) / SUBSPACE**0.5

    def draw(self, count: int) -> Floats:
        topics = self.topics[self.random.integers(len(self.topics), size=count)]
        found = (topics + SPREAD * self._normal(count, SUBSPACE)) @ self.subspace
        found += NOISE * self._normal(*found.shape)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def _normal(self, *shape: int) -> Floats:
        return self.random.standard_normal(shape, dtype=np.float32)


def timed(name: str, act: Callable[[], object], times: int = 1) -> None:
    """Print the seconds of the clock and of the CPU that `act` takes, over `times`."""
    clock, cpu = perf_counter(), process_time()
    act()
    clock, cpu = perf_counter() - clock, process_time() - cpu
    print(f"{name}: {clock / times:.4g} s, CPU {cpu / times:.4g} s", flush=True)


def resident() -> float:
    """Return the memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def nearer(best: Floats, where: NDArray[np.int64], scores: Floats, first: int) -> None:
    """Take the scores of the vectors from number `first` on into the best K of each query."""
    own = np.argpartition(-scores, K, axis=1)[:, :K]
    together = np.concatenate([best, np.take_along_axis(scores, own, axis=1)], axis=1)
    places = np.concatenate([where, own + first], axis=1)
    order = np.argsort(-together, axis=1)[:, :K]
    best[:] = np.take_along_axis(together, order, axis=1)
    where[:] = np.take_along_axis(places, order, axis=1)


def main(vectors: int, dimension: int) -> None:
    clusters = Clusters(max(vectors // PER_TOPIC, 1), dimension)
    queries = clusters.draw(QUERIES)
    best = np.full((QUERIES, K), -np.inf, dtype=np.float32)
    where = np.zeros((QUERIES, K), dtype=np.int64)

    def batches() -> Iterator[tuple[list[str], Floats]]:
        for first in range(0, vectors, BATCH):
            batch = clusters.draw(min(BATCH, vectors - first))
            nearer(best, where, queries @ batch.T, first)
            yield [str(first + number) for number in range(len(batch))], batch

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        before = resident()
        index = VectorIndex.create(folder, dimension, MODEL)
        clock = cpu = 0.0
        for ids, batch in batches():
            clock, cpu = clock - perf_counter(), cpu - process_time()
            index.add(ids, batch)
            clock, cpu = clock + perf_counter(), cpu + process_time()
        print(f"{vectors} vectors of {dimension} dimensions, {BATCH} at a time")
        print(f"added: {clock:.4g} s, CPU {cpu:.4g} s")
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"disk {size / 1e6:.0f} MB, memory {resident() - before:.0f} MB more")
        timed("one more vector", lambda: index.add(["one"], clusters.draw(1)))
        timed("1,000 removed", lambda: index.remove([str(vectors - 1 - n) for n in range(1000)]))
        del index
        timed("opened", lambda: VectorIndex.open(folder, MODEL))
        index = VectorIndex.open(folder, MODEL)
        timed("a query", lambda: [index.search(one, K) for one in queries], QUERIES)
        timed("a query of 200 at once", lambda: index.search_all(queries, K), QUERIES)
        found = [{hit.id for hit in hits} for hits in index.search_all(queries, K)]
        kept = [{str(one) for one in row if one < vectors - 1000} for row in where.tolist()]
        shared = sum(len(a & b) for a, b in zip(found, kept, strict=True))
        print(f"recall@{K}: {shared / sum(map(len, kept)):.4f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=1_000_000)
    parser.add_argument("--dimension", type=int, default=256)
    chosen = parser.parse_args()
    main(chosen.vectors, chosen.dimension)

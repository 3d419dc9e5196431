"""Walks over an index: neighbourhoods, shortest paths, personalised PageRank."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kg.index import kernels
from kg.index.open import Index

FANOUT = 50
"""Facts of one node in one direction in a neighbourhood, so that hubs do not fill it."""
RESTART = 0.15
TOLERANCE = 1e-5
"""Forward push stops at this residue a fact: smaller is more exact and slower. With this one, 94 %
of the best hundred are those of power iteration on ConceptNet (`benchmarks/knowledge.py`)."""


class Walker:
    """Walks over one index; safe to use from several threads, each with its own scratch arrays."""

    def __init__(self, index: Index) -> None:
        self.index = index
        arrays = index.arrays
        self._rows = (
            arrays["out_start"],
            arrays["out_object"],
            arrays["in_start"],
            arrays["in_subject"],
        )
        self._scratch = threading.local()

    def around(
        self,
        seeds: Sequence[int] | NDArray[np.int32],
        hops: int = 2,
        most: int = 200,
        fanout: int = FANOUT,
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return the facts within `hops` of `seeds`, nearest first: positions and directions [K].

        A position is one of out_* where the direction is `kernels.FORWARD`, else one of in_*.
        """
        start = np.asarray(seeds, np.int32)
        return kernels.around(*self._rows, start, hops, most, fanout, self._mark())  # type: ignore[no-any-return]

    def shortest_path(self, start: int, end: int, longest: int = 6) -> list[int]:
        """Return the nodes of a shortest path of at most `longest` facts; [] for none."""
        found = kernels.shortest_path(
            *self._rows, start, end, longest, self._array("parent", np.int32), self._mark()
        )
        return [int(node) for node in found]

    def pagerank(
        self,
        seeds: Sequence[int] | NDArray[np.int32],
        most: int = 200,
        restart: float = RESTART,
        tolerance: float = TOLERANCE,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return the `most` nodes nearest to `seeds`, by personalised PageRank, best first."""
        nodes, ranks = kernels.personalised_pagerank(
            *self._rows,
            np.asarray(seeds, np.int32),
            restart,
            tolerance,
            self._array("rank", np.float64),
            self._array("residue", np.float64),
        )
        if len(ranks) > most > 0:
            near = ranks >= np.partition(ranks, -most)[-most]
            nodes, ranks = nodes[near], ranks[near]
        order = np.lexsort((nodes, -ranks))[:most]
        return nodes[order], ranks[order]

    def _mark(self) -> NDArray[np.uint8]:
        return self._array("mark", np.uint8)

    def _array(self, name: str, kind: type) -> NDArray:  # type: ignore[type-arg]
        found = getattr(self._scratch, name, None)
        if found is None:
            found = np.zeros(self.index.nodes, kind)
            setattr(self._scratch, name, found)
        return found  # type: ignore[no-any-return]

"""The facts of an index: joined where several sources state one, and saved in both directions.

They are sorted three times (to find the repeated ones, by subject, and by object), as pairs of
64-bit numbers of which nothing has to be in memory at once but the arrays with a row a node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kg.errors import SightGraphError
from kg.index.names import save
from kg.index.runs import Pairs, SortedPairs
from kg.index.spelling import starts_of

MEMORY = 256 << 20
"""Bytes for sorting."""
_SORTED = 3
"""Sortings that have memory at the same time."""
_OBJECT, _WEAKNESS = np.uint64(33), np.uint64(25)
"""Bits right of object and weakness in the second number of a fact; those of the source remain."""
_FIRST = np.uint64(56)
"""Bits right of the weakness where it comes first, before the object."""
_NODE = np.uint64((1 << 31) - 1)
_HALF = np.uint64(32)
_LOW = np.uint64((1 << 32) - 1)
MAX_SOURCES = 1 << 25
_STRONGEST = np.uint64(255)
"""What one byte holds, for the strength of a graph's name may be more than 1."""

Numbers = NDArray[np.uint64]


@dataclass(slots=True)
class Edges:
    """Some facts as columns [E], by number; strengths in hundredths."""

    subject: NDArray[Any]
    relation: NDArray[Any]
    object: NDArray[Any]
    strength: NDArray[Any]
    source: NDArray[Any]


class SortedEdges:
    """All facts of an index, which come in any order and wait on the disk.

    sources: the number of who states a fact. source_sets: who states a fact, by number, once it
    is saved: those of `sources`, and the sets that state a fact together.
    """

    def __init__(self, folder: Path, memory: int = MEMORY) -> None:
        self.sources: dict[str, int] = {}
        self.source_sets: list[list[str]] = []
        self._folder = folder
        self._opened = ExitStack()
        self._stated, self._out, self._back = (
            self._opened.enter_context(SortedPairs(memory // _SORTED, folder))
            for _ in range(_SORTED)
        )

    def add(self, edges: Edges) -> None:
        """Add facts as they are stated."""
        _check_number(len(self.sources))
        object_, source = edges.object.astype(np.uint64), edges.source.astype(np.uint64)
        rest: Numbers = object_ << _OBJECT | _weakness(edges.strength) << _WEAKNESS | source
        self._stated.add(_pair(edges.subject, edges.relation), rest)

    def save(self, nodes: int, relations: int) -> int:
        """Save the arrays of the facts; return how many there are."""
        self.source_sets = [[name] for name in self.sources]
        joined = _Joined(self.source_sets)
        count = 0
        for edges in joined(self._stated.blocks()):
            count += len(edges.subject)
            weakness = _weakness(edges.strength)
            self._out.add(
                _pair(edges.subject, edges.relation),
                weakness << _FIRST | edges.object << _WEAKNESS | edges.source,
            )
            self._back.add(_pair(edges.object, edges.relation), weakness << _HALF | edges.subject)
        self._save_out(count, nodes, relations)
        self._save_back(count, nodes, relations)
        return count

    def _save_out(self, count: int, nodes: int, relations: int) -> None:
        columns = {
            "out_relation": _smallest(relations),
            "out_object": np.int32,
            "out_strength": np.uint8,
            "out_source": _smallest(len(self.source_sets)),
        }
        facts_of = np.zeros(nodes, np.uint32)
        with _Columns(self._folder, count, columns) as written:
            for subject_relation, rest in self._out.blocks():
                _count(facts_of, subject_relation >> _HALF)
                written.append(
                    subject_relation & _LOW,
                    rest >> _WEAKNESS & _NODE,
                    _strength(rest >> _FIRST),
                    rest & np.uint64(MAX_SOURCES - 1),
                )
        save(self._folder, "out_start", starts_of(facts_of))

    def _save_back(self, count: int, nodes: int, relations: int) -> None:
        columns = {
            "in_relation": _smallest(relations),
            "in_subject": np.int32,
            "in_strength": np.uint8,
        }
        facts_of = np.zeros(nodes, np.uint32)
        with _Columns(self._folder, count, columns) as written:
            for object_relation, rest in self._back.blocks():
                _count(facts_of, object_relation >> _HALF)
                written.append(object_relation & _LOW, rest & _LOW, _strength(rest >> _HALF))
        save(self._folder, "in_start", starts_of(facts_of))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


class _Joined:
    """Joins the facts that are stated more than once; they come sorted, the strongest first."""

    def __init__(self, source_sets: list[list[str]]) -> None:
        self._sets = source_sets
        self._known = {tuple(names): number for number, names in enumerate(source_sets)}

    def __call__(self, blocks: Iterable[Pairs]) -> Iterator[Edges]:
        for first, second in _whole_facts(blocks):
            object_ = second >> _OBJECT
            source = second & np.uint64(MAX_SOURCES - 1)
            same = np.zeros(len(first), bool)
            same[1:] = (first[1:] == first[:-1]) & (object_[1:] == object_[:-1])
            self._join(source, same)
            one, rest = ~same, second[~same]
            weakness = rest >> _WEAKNESS & _STRONGEST
            yield Edges(
                first[one] >> _HALF,
                first[one] & _LOW,
                object_[one],
                _strength(weakness),
                source[one],
            )

    def _join(self, source: Numbers, same: NDArray[np.bool_]) -> None:
        """Give the first of the same facts all their sources."""
        first = 0
        for position in np.flatnonzero(same).tolist():
            if not same[position - 1]:
                first = position - 1
            names = {*self._sets[int(source[first])], *self._sets[int(source[position])]}
            key = tuple(sorted(names))
            if key not in self._known:
                self._known[key] = len(self._sets)
                self._sets.append(list(key))
                _check_number(len(self._sets))
            source[first] = self._known[key]


def _whole_facts(blocks: Iterable[Pairs]) -> Iterator[Pairs]:
    """Yield the same pairs, in blocks between which no fact is divided."""
    kept: Pairs | None = None
    for block in blocks:
        if kept is not None:
            block = (np.concatenate((kept[0], block[0])), np.concatenate((kept[1], block[1])))
        first, second = block
        same = (first == first[-1]) & (second >> _OBJECT == second[-1] >> _OBJECT)
        begin = int(np.argmax(same))
        kept = first[begin:], second[begin:]
        if begin:
            yield first[:begin], second[:begin]
    if kept is not None:
        yield kept


class _Columns:
    """Array files of the index that are written row by row."""

    def __init__(self, folder: Path, rows: int, types: dict[str, Any]) -> None:
        self._types = list(types.values())
        self._opened = ExitStack()
        self._files = [
            self._opened.enter_context((folder / f"{name}.npy").open("wb")) for name in types
        ]
        for file, kind in zip(self._files, self._types, strict=True):
            about = np.lib.format.header_data_from_array_1_0(np.empty(0, kind))
            np.lib.format.write_array_header_1_0(file, about | {"shape": (rows,)})

    def append(self, *columns: Numbers) -> None:
        """Write more rows, one array a file."""
        for file, kind, column in zip(self._files, self._types, columns, strict=True):
            file.write(column.astype(kind).tobytes())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def _pair(major: NDArray[Any], minor: NDArray[Any]) -> Numbers:
    return major.astype(np.uint64) << _HALF | minor.astype(np.uint64)


def _weakness(strength: NDArray[Any]) -> Numbers:
    """Return what is greater for weaker facts, by one byte."""
    return _STRONGEST - strength.astype(np.uint64)


def _strength(weakness: Numbers) -> Numbers:
    return _STRONGEST - weakness


def _count(facts_of: NDArray[np.uint32], sorted_nodes: Numbers) -> None:
    """Count the facts of each node."""
    nodes, facts = np.unique(sorted_nodes, return_counts=True)
    facts_of[nodes] += facts.astype(np.uint32)


def _check_number(sources: int) -> None:
    if sources > MAX_SOURCES:
        raise SightGraphError(
            f"the facts have more than {MAX_SOURCES:,} sources, as named graphs. Import fewer."
        )


def _smallest(count: int) -> Any:
    return np.uint8 if count <= 256 else np.uint16 if count <= 65_536 else np.uint32

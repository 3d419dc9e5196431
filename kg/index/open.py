"""The compiled index: labels and edges in memory-mapped arrays, opened in no time.

A store's facts, in both directions, as compressed sparse rows sorted by relation and then by
strength; terms and names as tries of marisa-trie, whose key numbers are the node numbers. Only
marisa-trie is needed to open it and to ask one question; numpy, whose import takes longer than
both, comes with `arrays`.
"""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import marisa_trie

from kg.english import normalise
from kg.errors import SightGraphError
from kg.vocabulary import LITERAL, SKOS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = 1
"""Raised whenever the files change; an index of another format is compiled again."""
SAME_AS = SKOS + "exactMatch"
"""Links to other vocabularies are stored as this relation where both ends are in the graph."""
STRENGTHS = 100
"""Strengths are stored in hundredths, one byte each."""

IntArray: TypeAlias = "NDArray[np.integer[Any]]"
ARRAYS = (
    "out_start",
    "out_relation",
    "out_object",
    "out_strength",
    "out_source",
    "in_start",
    "in_relation",
    "in_subject",
    "in_strength",
    "node_name",
    "name_start",
    "name_node",
    "word_start",
    "word_bytes",
    "word_backwards",
)
"""The array files, each `NAME.npy`:

out_start [N + 1], out_* [E]: the facts of node i stand in out_start[i]:out_start[i + 1].
in_start [N + 1], in_* [E]: the same by object.
node_name [N]: the number of each node's label among the names; -1 for literals.
name_start [M + 1], name_node: the nodes that each name may mean, those first whose label it is.
word_start [W + 1], word_bytes, word_backwards [W]: the single words of all names, sorted, and
their order when read backwards; see `kg.index.spelling`.
"""
_HEADER = re.compile(
    rb"\x93NUMPY(?:\x01.{3}|[\x02\x03].{5})"
    rb"\{'descr': '([<>|])([iu][1248])', 'fortran_order': False, 'shape': \((\d+),\), \} *\n",
    re.DOTALL,
)
"""How numpy's format begins for an array of one dimension: byte order, kind of number, length."""
_LETTERS = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}
"""What `struct` calls the kinds of numbers."""
_BYTE_ORDERS = (b"|", b"<" if sys.byteorder == "little" else b">")


class Index:
    """A compiled knowledge graph of N nodes, E edges and M names, in a folder.

    Nodes, relations and sources are numbers here; `term` and `node` translate.

    relations: the IRI of each relation by number. sources: who states a fact, by number.
    """

    def __init__(self, folder: Path) -> None:
        """Open the index in `folder`.

        Raises:
            SightGraphError: there is none, it is broken, or of another format.
        """
        self.folder = folder
        self.about = _read_about(folder)
        try:
            # Numbers out of a memoryview are Python's own, three times as fast as numpy's.
            self._numbers = {name: _numbers(folder / f"{name}.npy") for name in ARRAYS}
            self.terms = marisa_trie.Trie()
            self.terms.mmap(str(folder / "terms.marisa"))
            self.names = marisa_trie.Trie()
            self.names.mmap(str(folder / "names.marisa"))
        except (OSError, EOFError, ValueError, RuntimeError) as error:
            raise SightGraphError(
                f"the index in '{folder}' is damaged: {error}. Import the source again."
            ) from error
        self.relations: list[str] = [one["iri"] for one in self.about["relations"]]
        self.sources: list[list[str]] = self.about["sources"]
        self._relation_number = {iri: number for number, iri in enumerate(self.relations)}
        self._out_start = self._numbers["out_start"]
        self._out_relation = self._numbers["out_relation"]
        self._out_object = self._numbers["out_object"]
        self._in_start = self._numbers["in_start"]
        self._in_relation = self._numbers["in_relation"]
        self._name_start = self._numbers["name_start"]
        self._name_node = self._numbers["name_node"]

    @cached_property
    def arrays(self) -> Mapping[str, IntArray]:
        """The arrays of `ARRAYS`, mapped from their files, which cannot be written."""
        import numpy as np

        return {name: np.asarray(numbers) for name, numbers in self._numbers.items()}

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self._out_start) - 1

    @property
    def edges(self) -> int:
        """How many facts there are."""
        return len(self._out_object)

    def node(self, term: str) -> int | None:
        """Return the node of an IRI (or `literal:TEXT`), or None."""
        number: int | None = self.terms.get(term)
        return number

    def term(self, node: int) -> str:
        """Return the IRI (or `literal:TEXT`) of `node`."""
        return str(self.terms.restore_key(node))

    def relation(self, iri: str) -> int | None:
        """Return the number of a relation, or None where no fact is of it."""
        return self._relation_number.get(iri)

    def label(self, node: int) -> str:
        """Return what a person calls `node`."""
        name = self._numbers["node_name"][node]
        if name < 0:
            return self.term(node).removeprefix(LITERAL)
        return str(self.names.restore_key(name))

    def named(self, form: str) -> IntArray:
        """Return the nodes that the name `form` (as `kg.english.normalise` gives it) may mean."""
        number = self.names.get(form)
        low, high = (0, 0) if number is None else self._name_start[number : number + 2]
        return self.arrays["name_node"][low:high]

    def out_span(self, node: int, relation: int | None = None) -> tuple[int, int]:
        """Return where the facts of `node`, of one relation or all, begin and end in out_*."""
        low, high = self._out_start[node], self._out_start[node + 1]
        if relation is None:
            return low, high
        low = bisect_left(self._out_relation, relation, low, high)
        return low, bisect_right(self._out_relation, relation, low, high)

    def in_span(self, node: int, relation: int | None = None) -> tuple[int, int]:
        """Return where the facts about `node` as their object begin and end in in_*."""
        low, high = self._in_start[node], self._in_start[node + 1]
        if relation is None:
            return low, high
        low = bisect_left(self._in_relation, relation, low, high)
        return low, bisect_right(self._in_relation, relation, low, high)

    def relation_spans(self, node: int, incoming: bool = False) -> Iterator[tuple[int, int]]:
        """Yield for each relation where the facts of `node` (or about it) begin and end."""
        low, high = self.in_span(node) if incoming else self.out_span(node)
        relations = self._in_relation if incoming else self._out_relation
        while low < high:
            end = bisect_right(relations, relations[low], low, high)
            yield low, end
            low = end

    def neighbours(self, node: int, relation: int | None = None) -> IntArray:
        """Return the objects of the facts of `node`, strongest first within a relation."""
        low, high = self.out_span(node, relation)
        return self.arrays["out_object"][low:high]

    def neighbours_by_label(self, name: str, relation: int | None = None) -> memoryview[int]:
        """Return the neighbours of the first node that `name` may mean."""
        place = self._first_meaning(name)
        if place is None and (place := self._first_meaning(normalise(name))) is None:
            return self._out_object[:0]
        low, high = self.out_span(self._name_node[place], relation)
        return self._out_object[low:high]

    def _first_meaning(self, form: str) -> int | None:
        """Return where in name_node the nodes begin that `form` may mean; None if it means none."""
        number = self.names.get(form)
        if number is None:
            return None
        first: int = self._name_start[number]
        return first if first < self._name_start[number + 1] else None

    def bytes_on_disk(self) -> int:
        """Return the size of all files of the index."""
        return sum(file.stat().st_size for file in self.folder.iterdir())


def _numbers(file: Path) -> memoryview[int]:
    """Return the numbers of an array file that numpy wrote, mapped into memory.

    numpy reads the header as Python, which takes longer, and in two threads at once may fail.

    Raises:
        OSError, ValueError: there is none, or it is damaged.
    """
    with file.open("rb") as opened:
        mapped = mmap(opened.fileno(), 0, access=ACCESS_READ)
    header = _HEADER.match(mapped)
    if header is None or header[1] not in _BYTE_ORDERS:
        raise ValueError(f"'{file.name}' is no array of this machine's numbers")
    kind, count = header[2].decode(), int(header[3])
    end = header.end() + count * int(kind[1])
    if len(mapped) < end:
        raise ValueError(f"'{file.name}' has less than its {count:,} numbers")
    part = memoryview(mapped)[header.end() : end]
    numbers: memoryview[int] = part.cast(_LETTERS[kind])  # type: ignore[call-overload]
    return numbers


def _read_about(folder: Path) -> Mapping[str, Any]:
    try:
        about: Mapping[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SightGraphError(f"there is no index in '{folder}': {error}.") from error
    version = about.get("format") if isinstance(about, dict) else None
    if version != FORMAT:
        raise SightGraphError(
            f"the index in '{folder}' has format {version}; this version reads {FORMAT}. "
            "Import the source again."
        )
    return about

"""The compiled index: labels and edges in memory-mapped arrays, opened in no time.

A store's facts, in both directions, as compressed sparse rows sorted by relation and then by
strength; terms and names as tries of marisa-trie, whose key numbers are the node numbers. Only
numpy and marisa-trie are needed to read it.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from kg.english import normalise
from kg.errors import SightGraphError
from kg.vocabulary import LITERAL, SKOS

FORMAT = 1
"""Raised whenever the files change; an index of another format is compiled again."""
SAME_AS = SKOS + "exactMatch"
"""Links to other vocabularies are stored as this relation where both ends are in the graph."""
STRENGTHS = 100
"""Strengths are stored in hundredths, one byte each."""

IntArray = NDArray[np.integer[Any]]
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
_ONE_READS = threading.Lock()
"""numpy parses a header as Python; in two threads at once CPython 3.11 may fail at that."""


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
            with _ONE_READS:
                self.arrays: dict[str, IntArray] = {
                    name: np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray)
                    for name in ARRAYS
                }
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
        # Numbers out of a memoryview are Python's own, three times as fast as numpy's.
        self._out_start = self.arrays["out_start"].data
        self._out_relation = self.arrays["out_relation"].data
        self._in_start = self.arrays["in_start"].data
        self._in_relation = self.arrays["in_relation"].data
        self._out_object = self.arrays["out_object"]

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
        name = int(self.arrays["node_name"][node])
        if name < 0:
            return self.term(node).removeprefix(LITERAL)
        return str(self.names.restore_key(name))

    def named(self, form: str) -> IntArray:
        """Return the nodes that the name `form` (as `kg.english.normalise` gives it) may mean."""
        number = self.names.get(form)
        if number is None:
            return np.empty(0, np.int32)
        start = self.arrays["name_start"]
        return self.arrays["name_node"][start[number] : start[number + 1]]

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
        return self._out_object[low:high]

    def neighbours_by_label(self, name: str, relation: int | None = None) -> IntArray:
        """Return the neighbours of the first node that `name` may mean."""
        found = self.named(name)
        if not len(found) and not len(found := self.named(normalise(name))):
            return np.empty(0, np.int32)
        return self.neighbours(int(found[0]), relation)

    def bytes_on_disk(self) -> int:
        """Return the size of all files of the index."""
        return sum(file.stat().st_size for file in self.folder.iterdir())


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

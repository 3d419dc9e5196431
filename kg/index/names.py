"""The names in an index: which name may mean which nodes, and what each node is called."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby, tee
from pathlib import Path
from typing import Any

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from kg.english import identifier_words, normalise
from kg.index.runs import LINES, SortedLines
from kg.index.spelling import starts_of, word_arrays
from kg.vocabulary import LITERAL, local_name

_FORM, _ALSO = 33, 32
"""Bits right of the name and of whether it is no label, where a node's number is last."""


class Labels:
    """(node, name, whether it is an alias) as they come; the names wait in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.node = array("i")
        self.alias = array("b")
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, node: int, name: str, alias: bool) -> None:
        """Note that `node` is called `name`."""
        self.node.append(node)
        self.alias.append(alias)
        self._file.write(one_line(name) + "\n")

    def names(self) -> Iterator[str]:
        """Yield the names in the order in which they were added."""
        self._file.flush()
        with self.path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.removesuffix("\n")

    def __enter__(self) -> Labels:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.path.unlink()


def save_names(folder: Path, labels: Labels, terms: marisa_trie.Trie) -> None:
    """Save each node's label, for each name the nodes that it may mean, and all single words.

    A node without a label is called by the last part of its IRI; a literal has no name.
    """
    nodes = len(terms)
    labelled = np.zeros(nodes, bool)
    given, alias = np.array(labels.node, np.int32), np.array(labels.alias, bool)
    labelled[given[~alias]] = True
    for node in np.flatnonzero(~labelled).tolist():
        term = terms.restore_key(node)
        if not term.startswith(LITERAL):
            labels.add(node, identifier_words(local_name(term)), alias=False)
    names = _trie_of_names(folder, labels)
    given, alias = np.array(labels.node, np.int32), np.array(labels.alias, bool)
    written, form = np.empty(len(given), np.int32), np.empty(len(given), np.int32)
    for i, name in enumerate(labels.names()):
        as_written, normal = _forms(name)
        written[i], form[i] = names[as_written], names[normal]
    node_name = np.full(nodes, -1, np.int32)
    own = np.flatnonzero(~alias)[::-1]  # backwards, so that the first label of a node stays
    node_name[given[own]] = written[own]
    save(folder, "node_name", node_name)
    alias |= written != node_name[given]
    del written, own, node_name
    meanings = form.astype(np.int64) << _FORM | alias.astype(np.int64) << _ALSO | given
    del form, alias, given
    _save_meanings(folder, meanings, len(names))
    for array_name, words in word_arrays(names.iterkeys(), folder).items():
        save(folder, array_name, words)
    names.save(str(folder / "names.marisa"))


def _trie_of_names(folder: Path, labels: Labels) -> marisa_trie.Trie:
    with SortedLines(folder) as written:
        forms: list[bytes] = []
        for name in labels.names():
            forms += (form.encode() for form in _forms(name))
            if len(forms) >= LINES:
                written.write(forms)
                forms.clear()
        return trie_of(written.merged(forms))


def _save_meanings(folder: Path, meanings: NDArray[np.int64], names: int) -> None:
    """Save the nodes of each name, given as (name, whether it is no label, node) in one number.

    A node whose label it is does not stand among the others a second time.
    """
    meanings.sort()
    first = np.ones(len(meanings), bool)
    first[1:] = meanings[1:] != meanings[:-1]
    also = np.flatnonzero(meanings >> _ALSO & 1)
    label = meanings[also] ^ (1 << _ALSO)
    place = np.searchsorted(meanings, label)
    first[also] &= meanings[place] != label
    meanings = meanings[first]
    save(folder, "name_start", row_starts(meanings >> _FORM, names))
    save(folder, "name_node", (meanings & ((1 << _ALSO) - 1)).astype(np.int32))


def trie_of(lines: Iterable[bytes]) -> marisa_trie.Trie:
    """Return the trie of sorted lines, which puts those first that come most often.

    It is the trie that marisa-trie makes of the lines as they are, but equal ones are not all in
    memory.
    """
    of_each = ((line[:-1].decode(), sum(1 for _ in same)) for line, same in groupby(lines))
    texts, counts = tee(of_each)
    # One trie and a large cache: a look-up takes three quarters of the time, a fact a byte more.
    return marisa_trie.Trie(
        (text for text, _ in texts),
        weights=(count for _, count in counts),
        num_tries=1,
        cache_size=marisa_trie.HUGE_CACHE,
    )


def _forms(name: str) -> tuple[str, str]:
    return name, normalise(name) or name


def one_line(text: str) -> str:
    """Return `text` with every run of white space as one space; "-" for nothing.

    So is the character NUL, where marisa-trie takes a string to end.
    """
    return " ".join(text.replace("\0", " ").split()) or "-"


def row_starts(rows: NDArray[Any], count: int) -> NDArray[np.uint32]:
    """Return where each of `count` rows begins in entries sorted by row: [count + 1]."""
    return starts_of(np.bincount(rows, minlength=count))


def save(folder: Path, name: str, array_: NDArray[Any]) -> None:
    """Write an array file of the index."""
    np.save(folder / f"{name}.npy", array_)

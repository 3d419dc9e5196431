"""FACTUAL's captions with their graphs, brought onto the words of the caption.

FACTUAL: Li et al., Findings of ACL 2023. People wrote the triples mostly in the caption's own
words; a node is a span of words here, named by its last word.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph_fusion.text_graph import LONGEST_NODE
from kg.english import caption_tokens
from kg.errors import SightGraphError
from pipelines.datasets.splits import Part, caption_part
from pipelines.reading.lexicon import NUMBERS
from pipelines.reading.triples import IS, Triple, parse_triples

LONGEST_CAPTION = 24
"""Words; longer captions are left out of training (1 in 200)."""
MIN_LINKS, MIN_NAMES, MIN_IMPLIED = 2, 4, 4
"""How often a label must be seen to become one of the network's."""

RENAMED_SHARE = 0.25
"""A word that is so often called by another name is another word for it."""
TO_TEN = {word: digits for word, digits in NUMBERS.items() if 1 <= int(digits) <= 10}


@dataclass(frozen=True, slots=True)
class CaptionGraph:
    """A caption and the triples that people wrote for it."""

    image: str
    caption: str
    triples: tuple[Triple, ...]
    part: Part


@dataclass(frozen=True, slots=True)
class WordGraph:
    """The triples of a caption on its words.

    links: (last word of the subject, label, last word of the object).
    lengths, names: by last word, the number of words and another name, if it has one.
    implied: (last word, attribute without a word).
    whole: whether all triples of the caption are there.
    """

    words: tuple[str, ...]
    links: tuple[tuple[int, str, int], ...]
    lengths: dict[int, int]
    names: dict[int, str]
    implied: tuple[tuple[int, str], ...]
    whole: bool


def read_factual(file: Path) -> list[CaptionGraph]:
    """Read a file with the columns image_id, caption and scene_graph.

    The file's name is the official split; only captions of `train.csv` may be trained on.

    Raises:
        SightGraphError: the file cannot be read or lacks a column.
    """
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SightGraphError(
            f"'{file}' cannot be read: {error}. Give a file like factual/dev.csv."
        ) from error
    lacking = {"image_id", "caption", "scene_graph"} - set(rows[0] if rows else {})
    if lacking:
        raise SightGraphError(
            f"'{file}' lacks the column {sorted(lacking)[0]}. Give a file like factual/dev.csv."
        )
    return [
        CaptionGraph(
            row["image_id"],
            row["caption"],
            tuple(parse_triples(row["scene_graph"])),
            caption_part(row["image_id"], file.stem),
        )
        for row in rows
    ]


def word_graph(
    graph: CaptionGraph, renamings: frozenset[tuple[str, str]] = frozenset()
) -> WordGraph:
    """Bring the triples of a caption onto its words.

    renamings: (own words, name) pairs that may be used where no words fit the name.
    """
    words = [word.text for word in caption_tokens(graph.caption)]
    places = _Places(words, renamings)
    links: list[tuple[int, str, int]] = []
    implied: list[tuple[int, str]] = []
    whole = True
    for subject, predicate, target in graph.triples:
        at = places.find(subject)
        if at is None:
            whole = False
            continue
        to = places.find(target, besides=at if subject == target else None, near=at)
        if to is None and predicate == IS:
            implied.append((at, target))
        elif to is None:
            whole = False
        else:
            links.append((at, predicate, to))
    return WordGraph(
        tuple(words), tuple(links), places.lengths, places.names, tuple(implied), whole
    )


class _Places:
    """Finds which words a name stands for, and remembers it."""

    def __init__(self, words: Sequence[str], renamings: frozenset[tuple[str, str]]) -> None:
        self.words = words
        self.renamings = renamings
        self.lengths: dict[int, int] = {}
        self.names: dict[int, str] = {}

    def find(self, name: str, besides: int | None = None, near: int | None = None) -> int | None:
        """Return the last word of the span for `name`; the span nearest to `near`."""
        spans = self._spans(name)
        if besides is not None and len(spans) > 1:
            spans = [span for span in spans if span[0] != besides]
        spans = [span for span in spans if self._free(*span)]
        if not spans:
            return None
        last, length, renamed = min(
            spans, key=lambda span: (span[2], 0 if near is None else abs(span[0] - near))
        )
        self.lengths[last] = length
        if renamed:
            self.names[last] = name
        return last

    def _spans(self, name: str) -> list[tuple[int, int, bool]]:
        parts = [word.text for word in caption_tokens(name)]
        size = len(parts)
        exact = [
            (end - 1, size, False)
            for end in range(size, len(self.words) + 1)
            if 0 < size <= LONGEST_NODE and list(self.words[end - size : end]) == parts
        ]
        if exact:
            return exact
        return [
            (end - 1, length, True)
            for length in (1, 2)
            for end in range(length, len(self.words) + 1)
            if (" ".join(self.words[end - length : end]), name) in self.renamings
        ]

    def _free(self, last: int, length: int, renamed: bool) -> bool:
        return self.lengths.get(last, length) == length and (last in self.names) <= renamed


def learn_renamings(graphs: Iterable[CaptionGraph]) -> frozenset[tuple[str, str]]:
    """Return (own words, name) pairs that explain names which no caption's words spell.

    A pair counts where the name is missing much more often with these words than without.
    """
    together: Counter[tuple[str, str]] = Counter()
    alone: Counter[str] = Counter()
    for graph in graphs:
        words = [word.text for word in caption_tokens(graph.caption)]
        places = _Places(words, frozenset())
        spans = {" ".join(words[i : i + n]) for n in (1, 2) for i in range(len(words) - n + 1)}
        alone.update(spans)
        for name in {x for s, _, o in graph.triples for x in (s, o)}:
            if not name.isdigit() and places.find(name) is None:
                together.update((span, name) for span in spans)
    found = set()
    for (span, name), count in together.items():
        usual = " " not in span and count / alone[span] > RENAMED_SHARE
        if count >= MIN_NAMES and (usual or _akin(span, name)):
            found.add((span, name))
    return frozenset(found | set(TO_TEN.items()))


def _akin(span: str, name: str) -> bool:
    """Whether two names are forms of one: "wood" and "wooden", "cell phone" and "cellphone"."""
    a, b = span.replace(" ", ""), name.replace(" ", "").replace("-", "")
    return a == b or (len(a) >= 3 and (a.startswith(b) or b.startswith(a)))

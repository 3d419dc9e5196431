"""Measuring text -> scene graph as FACTUAL does: Set Match and SPICE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.errors import SightGraphError
from pipelines.datasets.factual import CaptionGraph, read_factual
from pipelines.evaluate.answering.wups import synonym_sets
from pipelines.evaluate.protocol import Report, Source
from pipelines.progress import track
from pipelines.reading.parser import READERS
from pipelines.reading.triples import IS, Triple

Reader = Callable[[str], list[Triple]]
"""Reads a caption into triples."""
Synonyms = Mapping[str, frozenset[str]]
"""The synonym sets that a word belongs to, by their numbers."""


@dataclass(frozen=True, slots=True)
class TextGraphEvaluator:
    """Set Match and SPICE's F1 of a caption reader.

    caption_reader: a name of `pipelines.reading.parser.READERS`.
    wordnet: the folder of WordNet's database files, whose synonyms then count as equal.
    """

    caption_reader: str = "trained"
    wordnet: Path | None = None

    def dataset(self, source: Source) -> list[CaptionGraph]:
        """Read a file with the columns of FACTUAL, or the file SPLIT.csv of a folder."""
        return read_factual(source.data / f"{source.split}.csv" if source.split else source.data)

    def system(self, model: Path | None = None) -> Reader:
        """Return the reader; only the trained one takes a model.

        Raises:
            SightGraphError: a model is given for another reader.
        """
        if model is None:
            return READERS.make(self.caption_reader)
        if self.caption_reader != "trained":
            raise SightGraphError(f"the reader '{self.caption_reader}' has no model: leave it out.")
        return READERS.make(self.caption_reader, folder=model)

    def __call__(self, reader: Reader, dataset: Sequence[CaptionGraph]) -> Report:
        synonyms = None if self.wordnet is None else synonym_sets(self.wordnet)
        read = [reader(graph.caption) for graph in track(dataset, "reading")]
        rows = [
            {
                "id": graph.image,
                "caption": graph.caption,
                "read": [list(triple) for triple in triples],
                "expected": [list(triple) for triple in graph.triples],
                "match": set(triples) == set(graph.triples),
                "SPICE F1": spice_f1(triples, graph.triples, synonyms or {}),
            }
            for graph, triples in zip(dataset, read, strict=True)
        ]
        figures = scores(read, [graph.triples for graph in dataset], synonyms)
        return Report("Set Match", figures, rows)


def scores(
    read: Sequence[Sequence[Triple]],
    expected: Sequence[Sequence[Triple]],
    synonyms: Synonyms | None = None,
) -> dict[str, float]:
    """Return Set Match and SPICE's F1, both means over captions.

    Set Match: the share of captions whose sets of triples are equal. SPICE (Anderson et al.,
    ECCV 2016, eqs. 2 to 4): F1 of the tuples (object), (object, attribute) and (subject,
    predicate, object); words of one synonym set are equal where `synonyms` are given.
    """
    matched = [set(a) == set(b) for a, b in zip(read, expected, strict=True)]
    spice = [spice_f1(a, b, synonyms or {}) for a, b in zip(read, expected, strict=True)]
    return {
        "captions": float(len(matched)),
        "Set Match": sum(matched) / max(len(matched), 1),
        "SPICE F1": sum(spice) / max(len(spice), 1),
    }


def spice_f1(read: Sequence[Triple], expected: Sequence[Triple], synonyms: Synonyms) -> float:
    """Return SPICE's F1 of one caption; two empty graphs agree wholly."""
    mine, theirs = _tuples(read), _tuples(expected)
    if not mine or not theirs:
        return float(mine == theirs)
    shared = len(mine & theirs)
    left = sorted(theirs - mine)
    for one in sorted(mine - theirs):
        other = next((two for two in left if _alike(one, two, synonyms)), None)
        if other is not None:
            left.remove(other)
            shared += 1
    return 2 * shared / (len(mine) + len(theirs))


def _tuples(triples: Sequence[Triple]) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for subject, predicate, target in triples:
        found.add((subject,))
        if predicate == IS:
            found.add((subject, target))
        else:
            found |= {(target,), (subject, predicate, target)}
    return found


def _alike(one: tuple[str, ...], other: tuple[str, ...], synonyms: Synonyms) -> bool:
    nothing: frozenset[str] = frozenset()
    return len(one) == len(other) and all(
        a == b or synonyms.get(a, nothing) & synonyms.get(b, nothing)
        for a, b in zip(one, other, strict=True)
    )

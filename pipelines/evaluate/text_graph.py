"""Measuring text -> scene graph as FACTUAL does: Set Match and SPICE."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.progress import track

from pipelines.datasets.factual import read_factual
from pipelines.reading.readers import IS, Triple

Reader = Callable[[str], list[Triple]]
"""Reads a caption into triples."""
Synonyms = Mapping[str, frozenset[str]]
"""The synonym sets that a word belongs to, by their numbers."""


def evaluate(file: Path, reader: Reader, synonyms: Synonyms | None = None) -> dict[str, float]:
    """Return the scores of `reader` on a file with the columns of FACTUAL.

    Raises:
        SightGraphError: the file cannot be read.
    """
    graphs = read_factual(file)
    read = [reader(graph.caption) for graph in track(graphs, "reading")]
    return scores(read, [graph.triples for graph in graphs], synonyms)


def scores(
    read: Sequence[Sequence[Triple]],
    wanted: Sequence[Sequence[Triple]],
    synonyms: Synonyms | None = None,
) -> dict[str, float]:
    """Return Set Match and SPICE's F1, both means over captions.

    Set Match: the share of captions whose sets of triples are equal. SPICE (Anderson et al.,
    ECCV 2016, eqs. 2 to 4): F1 of the tuples (object), (object, attribute) and (subject,
    predicate, object); words of one synonym set are equal where `synonyms` are given.
    """
    matched = [set(a) == set(b) for a, b in zip(read, wanted, strict=True)]
    spice = [spice_f1(a, b, synonyms or {}) for a, b in zip(read, wanted, strict=True)]
    return {
        "captions": float(len(matched)),
        "Set Match": sum(matched) / max(len(matched), 1),
        "SPICE F1": sum(spice) / max(len(spice), 1),
    }


def spice_f1(read: Sequence[Triple], wanted: Sequence[Triple], synonyms: Synonyms) -> float:
    """Return SPICE's F1 of one caption; two empty graphs agree wholly."""
    mine, theirs = _tuples(read), _tuples(wanted)
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

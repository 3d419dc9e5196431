"""Measuring relations: the predicate between objects whose boxes and labels are given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kg.errors import unknown_name
from pipelines.datasets.relations import RelatedPhoto, read_relations
from pipelines.evaluate.protocol import Report, Source
from pipelines.progress import track
from pipelines.reading.triples import canonical

if TYPE_CHECKING:
    from pipelines.seeing.classifiers import Evidence, RelationClassifier

RECALLS = (50, 100)


Scorer = Callable[[RelatedPhoto, Sequence[tuple[int, int]], Sequence[str]], np.ndarray]
"""(photograph, ordered pairs, predicates) -> log scores [pairs, predicates], all comparable."""


@dataclass(frozen=True, slots=True)
class RelationFile:
    """The photographs of a file, and the predicates to choose from."""

    photos: list[RelatedPhoto]
    predicates: list[str]


@dataclass(frozen=True, slots=True)
class RelationsEvaluator:
    """R@50 and R@100 of the predicates between given objects (Lu et al., ECCV 2016).

    baselines: whether words alone, places alone, and chance are measured too.
    """

    baselines: bool = False

    def dataset(self, source: Source) -> RelationFile:
        photos, predicates = read_relations(source.data)
        if source.split is not None:
            if source.split not in (known := {one.split for one in photos} - {""}):
                raise unknown_name(f"part of '{source.data}'", source.split, known)
            photos = [one for one in photos if one.split == source.split]
        return RelationFile(photos, predicates)

    def system(self, model: Path | None = None) -> RelationClassifier:
        from pipelines.seeing.classifiers import RelationClassifier

        return RelationClassifier(model)

    def __call__(self, reader: RelationClassifier, dataset: RelationFile) -> Report:
        """Return the recalls; a row lists a photograph's relations with their ranks."""
        predicates = dataset.predicates
        unseen = frozenset(one for one in predicates if canonical(one).text not in reader.taught)
        ranked = ranks(dataset.photos, predicates, _scorer(reader, "both"))
        figures = recalls(ranked, unseen)
        chance = np.random.default_rng(0)
        others: dict[str, Scorer] = {
            "words alone": _scorer(reader, "words"),
            "places alone": _scorer(reader, "places"),
            "chance": lambda _, pairs, names: chance.random((len(pairs), len(names))),
        }
        for name, scorer in others.items() if self.baselines else ():
            found = recalls(ranks(dataset.photos, predicates, scorer))
            figures |= {f"{name}: {key}": value for key, value in found.items() if "R@" in key}
        rows = [
            {"id": photo.id, "relations": [one.as_json() for one in found]}
            for photo, found in zip(dataset.photos, ranked, strict=True)
        ]
        return Report(f"R@{RECALLS[0]} k=1", figures, rows)


@dataclass(frozen=True, slots=True)
class RankedRelation:
    """A relation that people stated, and its rank among the triples of its photograph.

    first: the rank if only the best predicate of each pair competes; inf if it is not the best.
    every: the rank if all predicates of all pairs compete.
    """

    subject: int
    predicate: str
    object: int
    first: float
    every: float

    def as_json(self) -> dict[str, Any]:
        first = None if np.isinf(self.first) else int(self.first)
        return {
            "relation": [self.subject, self.predicate, self.object],
            "rank k=1": first,
            "rank k=all": int(self.every),
        }


def ranks(
    photos: Sequence[RelatedPhoto], predicates: Sequence[str], scorer: Scorer
) -> list[list[RankedRelation]]:
    """Return the ranks of the stated relations of each photograph.

    In each photograph every ordered pair of objects is scored for every predicate, and the best
    k predicates of all pairs are ranked together (Lu et al., ECCV 2016).
    """
    number = {name: index for index, name in enumerate(predicates)}
    found: list[list[RankedRelation]] = []
    for photo in track(photos, "relating"):
        pairs = list(permutations(range(len(photo.labels)), 2))
        found.append([])
        if not pairs or not photo.relations:
            continue
        scores = scorer(photo, pairs, predicates)
        row = {pair: index for index, pair in enumerate(pairs)}
        first, every = _ranks(scores, 1), _ranks(scores, len(predicates))
        for subject, predicate, target in sorted(
            {one for one in photo.relations if one[0] != one[2]}
        ):
            place = row[subject, target], number[predicate]
            ranked = RankedRelation(
                subject, predicate, target, float(first[place]), float(every[place])
            )
            found[-1].append(ranked)
    return found


def _ranks(scores: np.ndarray, k: int) -> np.ndarray:
    """Return each triple's rank in its photograph if only the best k of a pair compete."""
    allowed = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    ranks = np.full(scores.shape, np.inf)
    rows = np.repeat(np.arange(len(scores)), k)
    order = np.argsort(-scores[rows, allowed.ravel()], kind="stable")
    ranks[rows[order], allowed.ravel()[order]] = np.arange(len(order))
    return ranks


def recalls(
    ranked: Sequence[Sequence[RankedRelation]], unseen: frozenset[str] = frozenset()
) -> dict[str, float]:
    """Return R@50 and R@100 over all relations of all photographs (micro-averaged).

    mean R: the mean of the predicates' own recalls at k = 1. unseen: predicates that training
    never saw, reported once more for themselves.
    """
    every = [one for found in ranked for one in found]
    figures: dict[str, float] = {}
    for k, limit in product(("1", "all"), RECALLS) if every else ():
        name = f"R@{limit} k={k}"
        hits = [(one.predicate, (one.first if k == "1" else one.every) < limit) for one in every]
        figures[name] = float(np.mean([hit for _, hit in hits]))
        if k == "1":
            by_predicate: dict[str, list[bool]] = defaultdict(list)
            for predicate, hit in hits:
                by_predicate[predicate].append(hit)
            means = [np.mean(each) for each in by_predicate.values()]
            figures[f"mean {name}"] = float(np.mean(means))
        new = [hit for predicate, hit in hits if predicate in unseen]
        if new:
            figures[f"unseen predicates: {name}"] = float(np.mean(new))
    return figures | {"relations": float(len(every)), "photographs": float(len(ranked))}


def _scorer(reader: RelationClassifier, by: Evidence) -> Scorer:
    def score(
        photo: RelatedPhoto, pairs: Sequence[tuple[int, int]], predicates: Sequence[str]
    ) -> np.ndarray:
        found: np.ndarray = reader.score(
            photo.labels, photo.boxes, photo.width, photo.height, pairs, predicates, by
        ).numpy()
        return found

    return score

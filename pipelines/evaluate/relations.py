"""Measuring relations: the predicate between objects whose boxes and labels are given."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.progress import track

from kg.errors import SightGraphError
from kg.graph import Box

if TYPE_CHECKING:
    from pipelines.seeing.relation_classifier import Evidence, RelationReader

RECALLS = (50, 100)


@dataclass(frozen=True, slots=True)
class RelatedPhoto:
    """A photograph's objects and what people said holds between them.

    width, height and boxes in pixels; relations: (subject index, predicate, object index).
    """

    id: str
    width: float
    height: float
    labels: tuple[str, ...]
    boxes: tuple[Box, ...]
    relations: tuple[tuple[int, str, int], ...]


Scorer = Callable[[RelatedPhoto, Sequence[tuple[int, int]], Sequence[str]], np.ndarray]
"""(photograph, ordered pairs, predicates) -> log scores [pairs, predicates], all comparable."""


def read_relations(file: Path) -> tuple[list[RelatedPhoto], list[str]]:
    """Read photographs with objects and relations, and the predicates to choose from.

    Raises:
        SightGraphError: the file cannot be read, or an image of it is wrong.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        images, predicates = content["images"], [str(one) for one in content["predicates"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SightGraphError(
            f"'{file}' cannot be read as relations: {error!r}. It needs "
            '{"images": [...], "predicates": [...]}.'
        ) from error
    return [_photo(file, one, set(predicates)) for one in images], predicates


def _photo(file: Path, one: dict[str, Any], predicates: set[str]) -> RelatedPhoto:
    name = one.get("id", "?") if isinstance(one, dict) else "?"
    try:
        objects = one["objects"]
        relations = tuple((int(s), str(p), int(o)) for s, p, o in one["relations"])
        photo = RelatedPhoto(
            str(name),
            float(one["width"]),
            float(one["height"]),
            tuple(str(each["label"]) for each in objects),
            tuple(_box(each["box"]) for each in objects),
            relations,
        )
        for subject, predicate, target in relations:
            if not (0 <= subject < len(objects) and 0 <= target < len(objects)):
                raise ValueError(f"a relation points to object {max(subject, target)}")
            if predicate not in predicates:
                raise ValueError(f"'{predicate}' is not among the file's predicates")
        if min(photo.width, photo.height) <= 0:
            raise ValueError("width and height must be above 0")
    except (KeyError, TypeError, ValueError) as error:
        raise SightGraphError(f"'{file}', image {name}: {error}. Correct this image.") from error
    return photo


def _box(values: Sequence[float]) -> Box:
    x1, y1, x2, y2 = (float(value) for value in values)
    if not (x1 <= x2 and y1 <= y2):
        raise ValueError(f"the box {list(values)} is not [x1, y1, x2, y2]")
    return Box(x1, y1, x2, y2)


def evaluate(
    photos: Sequence[RelatedPhoto],
    predicates: Sequence[str],
    scorer: Scorer,
    unseen: frozenset[str] = frozenset(),
) -> dict[str, float]:
    """Return R@50 and R@100 over all relations of all photographs (micro-averaged).

    As in Lu et al., ECCV 2016: in each photograph every ordered pair of objects is scored
    for every predicate, the pairs' best k are ranked together, and the best 50 or 100 must
    hold the relations that people stated. mean R: the mean of the predicates' own recalls
    at k = 1. unseen: predicates that training never saw, reported once more for themselves.
    """
    hits: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    number = {name: index for index, name in enumerate(predicates)}
    for photo in track(photos, "relating"):
        pairs = list(permutations(range(len(photo.labels)), 2))
        if not pairs or not photo.relations:
            continue
        scores = scorer(photo, pairs, predicates)
        row = {pair: index for index, pair in enumerate(pairs)}
        wanted = sorted({(s, p, o) for s, p, o in photo.relations if s != o})
        for k in (1, len(predicates)):
            rank = _ranks(scores, k)
            for subject, predicate, target in wanted:
                place = rank[row[subject, target], number[predicate]]
                for limit in RECALLS:
                    name = f"R@{limit} k={'1' if k == 1 else 'all'}"
                    hits[name].append((predicate, bool(place < limit)))
    return _recalls(hits, unseen) | {"photographs": float(len(photos))}


def _ranks(scores: np.ndarray, k: int) -> np.ndarray:
    """Return each triple's rank in its photograph if only the best k of a pair compete."""
    allowed = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    ranks = np.full(scores.shape, np.inf)
    rows = np.repeat(np.arange(len(scores)), k)
    order = np.argsort(-scores[rows, allowed.ravel()], kind="stable")
    ranks[rows[order], allowed.ravel()[order]] = np.arange(len(order))
    return ranks


def _recalls(hits: dict[str, list[tuple[str, bool]]], unseen: frozenset[str]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, found in hits.items():
        figures[name] = float(np.mean([hit for _, hit in found]))
        if name.endswith("k=1"):
            by_predicate: dict[str, list[bool]] = defaultdict(list)
            for predicate, hit in found:
                by_predicate[predicate].append(hit)
            means = [np.mean(each) for each in by_predicate.values()]
            figures[f"mean {name}"] = float(np.mean(means))
        new = [hit for predicate, hit in found if predicate in unseen]
        if new:
            figures[f"unseen predicates: {name}"] = float(np.mean(new))
    figures["relations"] = float(len(next(iter(hits.values()), [])))
    return figures


def measure_file(
    file: Path, model: Path | None = None, baselines: bool = False
) -> dict[str, float]:
    """Return the recalls of the relation model on a file, and of less if `baselines`.

    Raises:
        SightGraphError: the file cannot be read.
    """
    from pipelines.reading.predicates import canonical
    from pipelines.seeing.relation_classifier import RelationReader

    photos, predicates = read_relations(file)
    reader = RelationReader(model)
    unseen = frozenset(one for one in predicates if canonical(one).text not in reader.taught)
    figures = evaluate(photos, predicates, _scorer(reader, "both"), unseen)
    chance = np.random.default_rng(0)
    others: dict[str, Scorer] = {
        "words alone": _scorer(reader, "words"),
        "places alone": _scorer(reader, "places"),
        "chance": lambda _, pairs, names: chance.random((len(pairs), len(names))),
    }
    for name, scorer in others.items() if baselines else ():
        found = evaluate(photos, predicates, scorer)
        figures |= {f"{name}: {key}": value for key, value in found.items() if "R@" in key}
    return figures


def _scorer(reader: RelationReader, by: Evidence) -> Scorer:
    def score(
        photo: RelatedPhoto, pairs: Sequence[tuple[int, int]], predicates: Sequence[str]
    ) -> np.ndarray:
        found: np.ndarray = reader.score(
            photo.labels, photo.boxes, photo.width, photo.height, pairs, predicates, by
        ).numpy()
        return found

    return score

"""Search both ways: the photograph of a text, and the texts of a photograph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from kg.knowledge.memory import Knowledge
from pipelines.datasets.captioned import Captioned, measured_photographs
from pipelines.datasets.scene_files import SceneFiles
from pipelines.evaluate.protocol import Report, Source
from pipelines.evaluate.search.ranks import (
    IMAGE_FROM_TEXT,
    TEXT_FROM_IMAGE,
    ranks_of_photos,
    ranks_of_texts,
    retrieval_ranks,
)
from pipelines.progress import track
from pipelines.reading.parser import Parser
from pipelines.search.agreement import AgreementFinder, Described, Frequencies, Shown, rarities
from pipelines.search.library import CANDIDATES
from pipelines.search.towers import Towers, Weights, corrected
from pipelines.sightgraph import SightGraph

Rarities = Sequence[Sequence[float]]
"""How rare each thing of each text is."""
FAR = 1e3
"""Taken off the cosine of those whose graphs are not."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Photographs and their captions, as both stages read them.

    Shapes (M photographs, N texts): plain [M, N]: cosines of the towers' vectors
        cosines [M, N]: the same, `corrected`
        owner [N]: the photograph of each text
    """

    plain: np.ndarray
    cosines: np.ndarray
    owner: np.ndarray
    shown: tuple[Shown, ...]
    described: tuple[Described, ...]
    frequencies: Frequencies


@dataclass(frozen=True)
class SearchEvaluator:
    """Recall at 1, 5 and 10 among all photographs and captions of a folder in Flickr8k's format.

    seen: where the looked-at photographs are kept, as in `pipelines.training.search.search`.
    """

    seen: Path | None = None

    def dataset(self, source: Source) -> list[Captioned]:
        """Return the photographs, or those of the official list that --split names.

        Raises:
            SightGraphError: the folder is of another format, or the list is empty.
        """
        return measured_photographs(source.data, source.split)

    def system(self, model: Path | None = None) -> Towers:
        return Towers(model)

    def __call__(self, towers: Towers, dataset: Sequence[Captioned]) -> Report:
        encoded = encode(towers, dataset, self.seen)
        figures = {"photographs": float(len(dataset)), "texts": float(len(encoded.owner))}
        both = both_ways(encoded, towers.weights)
        figures |= _figures_of(encoded, both)
        return Report("image from text R@1", figures, rows_of(dataset, encoded.owner, both))


def rows_of(
    photographs: Sequence[Captioned], owner: np.ndarray, both: Mapping[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Return the rank of each text's photograph, and of the best of each photograph's texts."""
    texts = [caption for one in photographs for caption in one.captions]
    of_photo = ranks_of_photos(both[IMAGE_FROM_TEXT], owner)
    of_text = ranks_of_texts(both[TEXT_FROM_IMAGE], owner)
    found: list[dict[str, Any]] = [
        {
            "way": IMAGE_FROM_TEXT,
            "text": text,
            "file_name": photographs[own].name,
            "rank": int(rank),
        }
        for text, own, rank in zip(texts, owner.tolist(), of_photo, strict=True)
    ]
    found += [
        {"way": TEXT_FROM_IMAGE, "file_name": one.name, "rank": int(rank)}
        for one, rank in zip(photographs, of_text, strict=True)
    ]
    return found


def figures_of(encoded: Encoded, weights: Weights) -> dict[str, float]:
    """Return recalls and median ranks both ways, and those of each stage."""
    return _figures_of(encoded, both_ways(encoded, weights))


def both_ways(encoded: Encoded, weights: Weights) -> dict[str, np.ndarray]:
    """Return the scores [M, N] of both stages, by the way in which is searched."""
    return {
        IMAGE_FROM_TEXT: both_stages(encoded, weights, near_rarities(encoded)),
        TEXT_FROM_IMAGE: both_stages(encoded, weights, text_rarities(encoded)),
    }


def _figures_of(encoded: Encoded, both: Mapping[str, np.ndarray]) -> dict[str, float]:
    last = {
        name: value
        for way, scores in both.items()
        for name, value in retrieval_ranks(scores, encoded.owner).items()
        if name.startswith(way)
    }
    stages = {
        "cosines": retrieval_ranks(encoded.plain, encoded.owner),
        "corrected": retrieval_ranks(encoded.cosines, encoded.owner),
        "graphs": last,
    }
    figures = dict(last)
    for stage, ranks in stages.items():
        figures |= {f"{name}, {stage}": value for name, value in ranks.items()}
    return figures


def encode(towers: Towers, photographs: Sequence[Captioned], seen: Path | None) -> Encoded:
    """Look at all photographs, read all captions, and encode both."""
    finder, parser = AgreementFinder(Knowledge.bundled()), Parser()
    vectors, shown = [], []
    with TemporaryDirectory() as nowhere:
        files = SceneFiles(seen or Path(nowhere), SightGraph.from_pretrained)
        for one in track(photographs, "looking"):
            scene = files(one).scene
            vectors.append(towers.photographs([scene])[0])
            shown.append(finder.shown(scene.graph))
    texts = [caption for one in photographs for caption in one.captions]
    described = [finder.described(parser(text)) for text in track(texts, "reading")]
    owner = np.repeat(np.arange(len(photographs)), [len(one.captions) for one in photographs])
    near, far = np.stack(vectors), towers.texts(texts)
    plain = near @ far.T
    cosines = corrected(plain, towers.photograph_hubness(near), towers.text_hubness(far))
    return Encoded(plain, cosines, owner, tuple(shown), tuple(described), towers.frequencies)


def both_stages(
    encoded: Encoded, weights: Weights, rarity: Rarities, candidates: int = CANDIDATES
) -> np.ndarray:
    """Return scores [M, N]: of the nearest pairs by both stages, of the others by the cosine.

    rarity: [N] of each text, how rare each of its things is.
    """
    scores = encoded.cosines * weights.cosine - FAR
    for photo, text, features in agreements(encoded, rarity, candidates):
        added = float(np.dot(weights.features, features))
        scores[photo, text] = encoded.cosines[photo, text] * weights.cosine + added
    return scores


def near_rarities(encoded: Encoded, candidates: int = CANDIDATES) -> Rarities:
    """Return how rare each thing of each text is among the photographs near to it."""
    near = _nearest(encoded.cosines, candidates, 0).T
    pairs = zip(encoded.described, near, strict=True)
    return [rarities(text, [encoded.shown[photo] for photo in photos]) for text, photos in pairs]


def text_rarities(encoded: Encoded) -> Rarities:
    """Return how rare each thing of each text is among the texts that were learned from."""
    return [encoded.frequencies.rarities(text) for text in encoded.described]


def agreements(
    encoded: Encoded, rarity: Rarities, candidates: int = CANDIDATES
) -> list[tuple[int, int, tuple[float, ...]]]:
    """Return photograph, text and features of each pair that is near seen from either side.

    rarity: as in `both_stages`.
    """
    compare = AgreementFinder(Knowledge.bundled())
    near = np.zeros(encoded.cosines.shape, bool)
    for axis in (0, 1):
        np.put_along_axis(near, _nearest(encoded.cosines, candidates, axis), True, axis=axis)
    return [
        (
            photo,
            text,
            compare(encoded.described[text], encoded.shown[photo], rarity[text]).features,
        )
        for photo, text in np.argwhere(near).tolist()
    ]


def _nearest(cosines: np.ndarray, candidates: int, axis: int) -> np.ndarray:
    """Return the numbers of the nearest photographs (axis 0) or texts (1), the nearest first."""
    nearest = np.argsort(-cosines, axis=axis, kind="stable")
    return np.take(nearest, range(min(candidates, cosines.shape[axis])), axis=axis)

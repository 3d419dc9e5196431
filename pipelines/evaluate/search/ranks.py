"""Recall at k and median rank of retrieval between photographs and texts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kg.errors import SightGraphError

DEPTHS = (1, 5, 10)
IMAGE_FROM_TEXT, TEXT_FROM_IMAGE = "image from text", "text from image"


def retrieval_ranks(scores: ArrayLike, photo_of_text: ArrayLike) -> dict[str, float]:
    """Return recall at 1, 5 and 10 and the median rank, both ways.

    "image from text R@k": the share of texts whose photograph is among the k best of all.
    "text from image R@k": the share of photographs with one of their texts among the k best of all
    texts (Hodosh et al., JAIR 2013; Karpathy & Fei-Fei, CVPR 2015). "... median rank": from 1.
    Equal scores count against the system: a wrong item that scores as the right one is before it.

    scores: [photographs, texts], larger is better.
    photo_of_text: [texts] the row of the photograph that each text belongs to.

    Raises:
        SightGraphError: the shapes do not fit, a score is no number, or a photograph has no text.
    """
    table, owner = np.asarray(scores, dtype=np.float64), np.asarray(photo_of_text)
    _check(table, owner)
    return {
        **_figures(IMAGE_FROM_TEXT, ranks_of_photos(table, owner)),
        **_figures(TEXT_FROM_IMAGE, ranks_of_texts(table, owner)),
    }


def ranks_of_photos(
    scores: NDArray[np.float64], photo_of_text: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return [texts] the rank of each text's own photograph among all, from 1."""
    right = scores[photo_of_text, np.arange(scores.shape[1])]
    ranks: NDArray[np.int64] = (scores >= right).sum(axis=0)
    return ranks


def ranks_of_texts(
    scores: NDArray[np.float64], photo_of_text: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return [photographs] the rank of the best of a photograph's own texts among all, from 1."""
    own = photo_of_text[None, :] == np.arange(len(scores))[:, None]
    best = np.where(own, scores, -np.inf).max(axis=1, keepdims=True)
    before: NDArray[np.int64] = ((scores >= best) & ~own).sum(axis=1)
    return before + 1


def _figures(way: str, ranks: NDArray[np.int64]) -> dict[str, float]:
    recalls = {f"{way} R@{depth}": float((ranks <= depth).mean()) for depth in DEPTHS}
    return recalls | {f"{way} median rank": float(np.median(ranks))}


def _check(scores: NDArray[np.float64], photo_of_text: NDArray[np.int64]) -> None:
    if scores.ndim != 2 or photo_of_text.shape != scores.shape[1:]:
        raise SightGraphError(
            f"scores of shape {list(scores.shape)} do not fit the owners of {photo_of_text.size} "
            "texts. Give scores as [photographs, texts] and one row number for each text."
        )
    if not np.isfinite(scores).all():
        raise SightGraphError("a score is not a finite number. Did a caption have no words?")
    if not np.array_equal(np.unique(photo_of_text), np.arange(len(scores))):
        raise SightGraphError(
            f"the texts do not belong to the {len(scores)} photographs: each needs a text, and "
            "each text a row from 0."
        )

"""Tags of photographs measured against what their captions mention.

What no caption mentions may still be there, so that the precision is a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from kg.files import bundled
from kg.knowledge.memory import Knowledge
from pipelines.datasets.captioned import Captioned
from pipelines.datasets.mentioned import captioned_photographs, mentioned_in
from pipelines.datasets.splits import in_part
from pipelines.evaluate.answering import calibration
from pipelines.evaluate.protocol import Report, Source
from pipelines.evaluate.seeing.scenes import BINS, average_precision
from pipelines.namers.efficientnet import EfficientNetNamer
from pipelines.namers.tagger import Tagger
from pipelines.photo import Photo
from pipelines.progress import track

MIN_POSITIVE = 3
"""Photographs that mention a concept, from which its average precision is counted."""


@dataclass(frozen=True, slots=True)
class TagsEvaluator:
    """Tags on the photographs that training held out.

    mAP: mean over the concepts of the average precision; precision, recall: of the tags that are
    shown. A photograph has a tag if one of its captions names the concept, or a kind of it; the
    first tag: the share of photographs whose most probable tag a caption names.
    """

    def dataset(self, source: Source) -> tuple[Path, list[Captioned]]:
        """Return the folder of data sets and its held-out photographs.

        Raises:
            SightGraphError: a data set is missing.
        """
        return source.data, in_part(captioned_photographs(source.data), "held-out")

    def system(self, model: Path | None = None) -> Tagger:
        return Tagger(model or bundled("models", "tags"))

    def __call__(self, tagger: Tagger, dataset: tuple[Path, list[Captioned]]) -> Report:
        knowledge, looker = Knowledge.bundled(), EfficientNetNamer(tags=None)
        data, photographs = dataset[0], mentioned_in(dataset[1], knowledge, tagger.of)
        concepts = {knowledge.label(one): one for photo in photographs for one in photo.said}
        scores = [
            tagger.presences(looker.grid(Photo.open(data / one.name)))
            for one in track(photographs, "looking")
        ]
        targets = [
            [float(p.said[concepts.get(c, "")] > 0) for c in tagger.labels] for p in photographs
        ]
        found = torch.from_numpy(np.stack(scores)).float()
        rows = [
            {
                "file_name": one.name,
                "tags": [
                    c for c, s in zip(tagger.labels, row, strict=True) if s >= tagger.threshold
                ],
            }
            for one, row in zip(photographs, found.tolist(), strict=True)
        ]
        return Report("mAP", tag_figures(found, torch.tensor(targets), tagger.threshold), rows)


def tag_figures(scores: Tensor, targets: Tensor, threshold: float) -> dict[str, float]:
    """Return the figures of scores [P, C] for targets [P, C], 0 or 1."""
    measured = [c for c in range(targets.shape[1]) if targets[:, c].sum() >= MIN_POSITIVE]
    first = targets.gather(1, scores.argmax(1, keepdim=True))
    precisions = [average_precision(scores[:, c], targets[:, c]) for c in measured]
    shown = scores >= threshold
    hits = float(targets[shown].sum())
    return {
        "photographs": float(len(targets)),
        "concepts": float(len(measured)),
        **({"mAP": float(np.mean(precisions))} if precisions else {}),
        "first tag": float(first.mean()),
        "tags of a photograph": float(shown.sum(1).float().mean()),
        "precision": hits / max(int(shown.sum()), 1),
        "recall": hits / max(float(targets.sum()), 1.0),
        "calibration error": calibration_error(scores[shown], targets[shown]),
    }


def calibration_error(scores: Tensor, targets: Tensor) -> float:
    """Return the expected calibration error of tags, in ten equal bins."""
    pairs = zip(scores.tolist(), targets.tolist(), strict=True)
    judged = [calibration.Judged(score, bool(said)) for score, said in pairs]
    return calibration.calibration_error(judged, BINS) if judged else 0.0
